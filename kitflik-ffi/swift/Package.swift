// swift-tools-version: 5.9
// KitFlik for Swift on Linux. `kitflik-ffi/generate` puts this package together in target/bindings/swift: the generated
// sources, their C headers and the library. For Apple platforms the library is packed as an XCFramework instead, on a Mac.
import PackageDescription

let package = Package(
    name: "KitFlik",
    products: [.library(name: "KitFlik", targets: ["KitFlik"])],
    targets: [
        .systemLibrary(name: "kitflik_coreFFI"),
        .systemLibrary(name: "kitflik_ffiFFI"),
        .target(name: "KitFlik", dependencies: ["kitflik_coreFFI", "kitflik_ffiFFI"]),
        .executableTarget(name: "Sell", dependencies: ["KitFlik"]),
        .executableTarget(name: "Crossing", dependencies: ["KitFlik"]),
        .testTarget(name: "KitFlikTests", dependencies: ["KitFlik"], exclude: ["vectors.json"]),
    ]
)
