SELECT 0, r.place, t.key, t.value, t.version
FROM unnest($1::text[]) WITH ORDINALITY AS r (key, place) JOIN kitflik AS t ON t.key = r.key
