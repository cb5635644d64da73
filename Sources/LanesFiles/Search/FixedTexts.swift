import CPatterns
import LanesCore

/// Several texts to be found at once, the longest of those that begin at one place.
///
/// They become expressions that look at each byte of a text once, by what texts have in common at their beginning:
/// "car", "cart" and "dog" are `car(?:t)?|dog`. An alternative for each text would be tried at every place.
struct FixedTexts {
  /// Sorted, each once.
  private let texts: [Bytes]
  private let options: SearchOptions

  /// Bytes of an expression: PCRE2 compiles to at most 64 KiB, about four times what is written.
  private static let largest = 12 << 10
  /// Groups inside each other: PCRE2 takes up to 250.
  private static let deepest = 100

  /// - Parameter texts: at least one, without newlines.
  init(_ texts: [Bytes], _ options: SearchOptions) {
    let comparable = options.ignoresCase ? texts.map { $0.map(Self.lowered) } : texts
    self.texts = Set(comparable).sorted { $0.lexicographicallyPrecedes($1) }
    self.options = options
  }

  /// The expressions, of which a line must match one.
  func expressions() throws(SearchProgram.Malformed) -> [OpaquePointer] {
    guard !texts.isEmpty else {
      // No text at all: an expression that matches nothing.
      return [try SearchProgram.compile(Bytes("(?!)".utf8), options, extra: cpatterns_lines)]
    }
    var made: [OpaquePointer] = []
    var start = 0
    while start < texts.count {
      var end = start
      var size = 0
      while end < texts.count, end == start || size + texts[end].count <= Self.largest {
        size += texts[end].count + 4
        end += 1
      }
      made += try compiled(texts[start..<end])
      start = end
    }
    return made
  }

  /// Compiles texts as one expression, or as two of half as many when that is too large.
  private func compiled(_ some: ArraySlice<Bytes>) throws(SearchProgram.Malformed) -> [OpaquePointer] {
    if let written = Self.written(some, from: 0, depth: 0),
      let made = try? SearchProgram.compile(
        SearchProgram.bounded(written, options), options, extra: cpatterns_lines)
    {
      return [made]
    }
    guard some.count > 1 else {
      throw SearchProgram.Malformed(pattern: some.first!, offset: nil, reason: "it is too long")
    }
    let middle = some.startIndex + some.count / 2
    return try compiled(some[..<middle]) + compiled(some[middle...])
  }

  /// What is left of sorted texts after the `start` bytes that they share; nil when that nests too deeply.
  private static func written(_ some: ArraySlice<Bytes>, from start: Int, depth: Int) -> Bytes? {
    guard depth < deepest else { return nil }
    let first = some.first!
    let last = some.last!
    var end = start
    while end < first.count, end < last.count, first[end] == last[end] { end += 1 }
    let shared = LinePattern.quoted(Bytes(first[start..<end]))
    // The shortest of them comes first.
    let isEnd = first.count == end
    let rest = isEnd ? some.dropFirst() : some
    guard !rest.isEmpty else { return shared }
    var branches: [Bytes] = []
    var from = rest.startIndex
    while from < rest.endIndex {
      // Sorted texts that go on with the same byte are neighbors.
      let to = rest[from...].firstIndex { $0[end] != rest[from][end] } ?? rest.endIndex
      guard let branch = written(rest[from..<to], from: end, depth: depth + 1) else { return nil }
      branches.append(branch)
      from = to
    }
    let group = SearchProgram.grouped(Bytes(branches.joined(separator: "|".utf8)))
    // The repetition is greedy, so the longer texts are tried first: the longest match wins.
    return shared + group + (isEnd ? Bytes("?".utf8) : [])
  }

  /// Upper-case letters of ASCII in lower case.
  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
