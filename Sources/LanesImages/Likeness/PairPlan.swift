import LanesCore
import LanesOS
import SystemPackage

/// One unit for each pair of images: two files, or the files of two trees that have the same place and name in both, but for
/// the suffix where no other tells them apart. A file without a counterpart is a unit that fails, so that it is told in its place.
///
/// Making it walks; `next` reads the first bytes of both images to say how much memory they take.
package final class PairPlan: UnitPlan {
  private struct Pair {
    let one: Int
    let other: Int
  }

  private enum Entry {
    case pair(Pair)
    /// Positions in the first and the second tree.
    case onlyInFirst(Int)
    case onlyInSecond(Int)
  }

  private let roots: [FilePath]
  private let files: [PlannedFiles]
  private let codecs: Codecs
  private var entries: [Entry] = []
  private var position = 0

  /// - Throws: `PlanRefusal` when there is nothing to compare, or a file and a directory.
  package init(_ one: FilePath, _ other: FilePath, codecs: Codecs = .standard) throws(PlanRefusal) {
    roots = [one, other]
    self.codecs = codecs
    var (files, areFolders): ([PlannedFiles], [Bool]) = ([], [])
    for root in roots {
      var found = PlannedFiles(codecs: codecs)
      do throws(SystemError) {
        areFolders.append(try FileStatus(of: root).kind == .directory)
      } catch {
        throw PlanRefusal(messages: ["\(root.forDisplay): \(error.reason)"])
      }
      found.take(root)
      files.append(found)
    }
    self.files = files
    guard areFolders[0] == areFolders[1] else {
      let folder = roots[areFolders[0] ? 0 : 1].forDisplay
      throw PlanRefusal(messages: [
        "\(folder) is a directory, and \(roots[areFolders[0] ? 1 : 0].forDisplay) is not: name two images or two directories"
      ])
    }
    guard areFolders[0] else {
      entries = [.pair(Pair(one: 0, other: 0))]
      return
    }
    match()
    guard !entries.isEmpty else { throw PlanRefusal(messages: [files[0].nothingFound(in: roots)]) }
  }

  package var totalUnits: Int? { entries.count }

  /// Names that both have come first; then names that differ in their suffix only, where each stands for one file.
  private func match() {
    var partner = [Int?](repeating: nil, count: files[0].count)
    var rest: Set<Int> = []
    var byName: [Bytes: Int] = [:]
    for index in 0..<files[1].count { byName[files[1].tail(index)] = index }
    rest.formUnion(byName.values)
    for index in 0..<files[0].count {
      guard let found = byName[files[0].tail(index)] else { continue }
      partner[index] = found
      rest.remove(found)
    }
    var stems: [[Bytes: [Int]]] = [[:], [:]]
    for index in partner.indices where partner[index] == nil { stems[0][stem(0, index), default: []].append(index) }
    for index in rest { stems[1][stem(1, index), default: []].append(index) }
    for (stem, mine) in stems[0] where mine.count == 1 {
      guard let theirs = stems[1][stem], theirs.count == 1 else { continue }
      partner[mine[0]] = theirs[0]
      rest.remove(theirs[0])
    }
    entries = partner.indices.map { index in
      partner[index].map { .pair(Pair(one: index, other: $0)) } ?? .onlyInFirst(index)
    }
    entries += rest.sorted().map { .onlyInSecond($0) }
  }

  /// The name below the tree's root without its suffix.
  private func stem(_ tree: Int, _ index: Int) -> Bytes {
    var path = FilePath(rawBytes: files[tree].tail(index))
    path.extension = nil
    return path.rawBytes
  }

  package func next() -> PlanStep {
    guard position < entries.count else { return .end }
    defer { position += 1 }
    switch entries[position] {
    case .pair(let pair): return step(pair)
    case .onlyInFirst(let index): return alone(files[0].path(index), missingIn: roots[1])
    case .onlyInSecond(let index): return alone(files[1].path(index), missingIn: roots[0])
    }
  }

  private func alone(_ path: FilePath, missingIn root: FilePath) -> PlanStep {
    let unit = Unit(number: position, path: path, source: .file(path))
    return .failed(unit, UnitFailure(.input, "it has no counterpart in \(root.forDisplay)"))
  }

  private func step(_ pair: Pair) -> PlanStep {
    let paths = [files[0].path(pair.one), files[1].path(pair.other)]
    let sizes = [files[0].size(pair.one), files[1].size(pair.other)]
    let names = PairNames(paths[0].forDisplay, paths[1].forDisplay)
    let failures = [files[0].failure(pair.one), files[1].failure(pair.other)]
    if let failure = failures[0] ?? failures[1]?.naming(paths[1]) {
      return .failed(Unit(number: position, path: paths[0], source: .files(paths)), failure)
    }
    var (memory, time) = (8 << 20, 0)
    for (path, size) in zip(paths, sizes) {
      let probe = ImageProbe(reading: path, codecs: codecs)
      memory += probe.map(Self.memory) ?? 0
      time += probe?.nanoseconds(fileSize: size) ?? 0
    }
    return .unit(
      Unit(
        number: position, path: paths[0], task: names.task, source: .files(paths),
        expectedInput: sizes[0] &+ sizes[1] &+ JoinedFiles.trailerLength(2), expectedMemory: memory,
        expectedTime: time * 2))
  }

  /// What the decoder and turning hold, and four channels of all pixels.
  private static func memory(_ probe: ImageProbe) -> Int {
    guard probe.size.width > 0, probe.size.height > 0, probe.size.width <= 1 << 24, probe.size.height <= 1 << 24 else {
      return 0
    }
    let turned = probe.orientation.keepsRowOrder ? 0 : probe.size.area * probe.bytesPerPixel
    // Two bytes a sample where one of the two may have as many.
    let isDeep = probe.bytesPerPixel == 8 || probe.bytesPerPixel == 2
    return probe.decoderBytes + turned + probe.size.area * (isDeep ? 8 : 4)
  }
}
