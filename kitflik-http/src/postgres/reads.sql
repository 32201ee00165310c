SELECT 0, r.place, t.key, t.value, t.version
FROM unnest($1::text[]) WITH ORDINALITY AS r (key, place) JOIN kitflik AS t ON t.key = r.key
UNION ALL
SELECT 1, r.place, t.key, t.value, t.version
FROM unnest($2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS r (first, past, most, place)
CROSS JOIN LATERAL (
    SELECT key, value, version FROM kitflik WHERE key >= r.first AND key < r.past ORDER BY key LIMIT r.most
) AS t
UNION ALL
SELECT 2, r.place, t.key, t.value, t.version
FROM unnest($5::text[], $6::text[], $7::int[]) WITH ORDINALITY AS r (first, past, most, place)
CROSS JOIN LATERAL (
    SELECT key, value, version FROM kitflik WHERE key >= r.first AND key < r.past ORDER BY key DESC LIMIT r.most
) AS t
