// Belief: to change a dictionary within a loop over it is an error, as it is in other languages.
// Right: 1000
var values = Dictionary(uniqueKeysWithValues: (0..<1_000).map { ($0, 0) })
var visited = 0
for (key, _) in values {
  values[key] = nil
  values[key + 1_000] = 0
  visited += 1
}
print(visited)
