import LanesCore
import LanesTesting

/// Inputs of every kind, sound and damaged: images as in `photoFolder`, texts, `big` of so many lines, and `table`.
func mixedFolder(lines: Int) throws -> TemporaryFolder {
  let folder = try photoFolder()
  for (index, image) in Fixtures.damagedImages.enumerated() {
    try folder.link(image, as: "a/bad\(index).\(image.extension!)")
  }
  for text in try Tree(Fixtures.texts).files {
    try folder.write("texts/" + String(decoding: text.key, as: UTF8.self), text.value)
  }
  try folder.write("big", (0..<lines).flatMap { Bytes("word\($0 % 977) line\n".utf8) })
  try folder.write("table", (0..<50_000).flatMap { Bytes("k\($0 % 7);\($0 % 1000).5\n".utf8) })
  return folder
}

extension Program.Result {
  /// What was said, without durations.
  var timelessErrorLines: [String] {
    errorLines.map { $0.before(" in ") + ($0.split(separator: ";").last.map(String.init) ?? "") }
  }

  /// What the command of these words printed; of JSON objects of images without the seconds, which come last.
  func timelessOutput(of words: [String]) -> Bytes {
    guard words.contains("--json"), words.first == "images" else { return output }
    return Bytes(lines.map { $0.before(",\"seconds\"") }.joined(separator: "\n").utf8)
  }
}

extension String {
  /// What stands in front of the first `mark`; all of it where there is none.
  func before(_ mark: String) -> String {
    firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self
  }
}
