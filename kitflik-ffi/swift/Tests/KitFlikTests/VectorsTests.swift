import Foundation
import KitFlik
import XCTest

/// What every platform and language must answer alike.
final class VectorsTests: XCTestCase {
    private func vectors() throws -> [[String: Any]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("vectors.json")
        let list = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]]
        return try XCTUnwrap(list)
    }

    private func text(_ value: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed), as: UTF8.self)
    }

    private func answer(_ kind: String, _ input: Any) async throws -> NSObject {
        let answer = try await vectorAnswer(kind: kind, input: try text(input))
        let value = try JSONSerialization.jsonObject(with: Data(answer.utf8), options: .fragmentsAllowed)
        return try XCTUnwrap(value as? NSObject)
    }

    func testTheAnswersAreTheCores() async throws {
        let vectors = try vectors()
        XCTAssertGreaterThan(vectors.count, 40)
        for vector in vectors {
            let kind = try XCTUnwrap(vector["kind"] as? String), name = vector["name"] as? String ?? ""
            let answered = try await answer(kind, try XCTUnwrap(vector["input"]))
            let expected = try XCTUnwrap(vector["answer"] as? NSObject)
            XCTAssertTrue(answered.isEqual(expected), "\(kind) \(name): \(answered) instead of \(expected)")
        }
    }

    func testAnotherAnswerIsNoticed() async throws {
        let ticket = try XCTUnwrap(vectors().first { $0["name"] as? String == "genuine" })
        var input = try XCTUnwrap(ticket["input"] as? [String: Any])
        input["token"] = String(try XCTUnwrap(input["token"] as? String).dropLast(4)) + "AAAA"
        let answered = try await answer("ticket", input)
        XCTAssertFalse(answered.isEqual(ticket["answer"]))
    }
}
