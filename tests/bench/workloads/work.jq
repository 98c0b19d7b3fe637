# Makes, groups, sorts, and prints objects; $rounds says how many times.
def rows: [range(3000) | {id: ., name: "name \(. * 7919 % 1009)", tags: [range(. % 5) | "t\(.)"],
    nested: {a: (. / 3), b: [., null, true]}}];
[range($rounds) | rows | tojson | fromjson | group_by(.name)
    | map({name: .[0].name, ids: map(.id), tags: (map(.tags[]) | unique), sum: (map(.nested.a) | add)})
    | sort_by(.sum) | map(select(.sum > 10)) | tojson | length] | add
