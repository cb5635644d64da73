import LanesCore
import SystemPackage

/// What is known of one input after it was searched.
package struct SearchedFile: Sendable, Equatable {
  private var task: FileTask?
  /// Its name, if it has one.
  package var name: FilePath? { task?.name }
  /// Selected lines; 0 where the input failed.
  package var selected: UInt64 = 0
  /// Matches in them, where these are counted.
  package var matches: UInt64 = 0
  /// True when selected lines were not told since the file is binary.
  package var hidesLines = false
  /// Why the search of it ended early; lines ahead of that may have been told.
  package var failure: UnitFailure?

  init(_ task: FileTask? = nil) { self.task = task }
}

/// Tells selected lines in the order of the file, with their numbers in the whole file, and ends what has been
/// answered.
///
/// Whether a file is binary from its beginning is decided by its first 96 KiB, the first that GNU grep 3.8 looks at;
/// lines wait until these are known. After them, lines are told up to the one that holds the first zero byte.
package final class SearchResults: Fold {
  /// Selected lines of an input, `before` lines of it ahead of the slice they are in.
  package typealias OnLines = (_ name: FilePath?, _ lines: SelectedLines, _ before: UInt64) -> Void

  private let options: SearchOptions
  private let plan: FilePlan
  private let isPrompt: Bool
  private let onLines: OnLines
  private let onFile: (SearchedFile) -> Void

  /// The input whose units are being absorbed; units of one input follow each other.
  private var row: UInt32?
  private var file = SearchedFile()
  /// True when the rest of the input cannot change what is told of it.
  private var isOver = false
  private var isBinary = false
  /// Bytes and lines of the input in the slices so far.
  private var bytesBefore: UInt64 = 0
  private var linesBefore: UInt64 = 0
  /// Lines that may still turn out to be of a file that is binary from its beginning.
  private var waiting: [(lines: SelectedLines, before: UInt64)] = []
  private var context: ContextLines?
  /// Why the run may end, once nothing can be found any more.
  package private(set) var ending: Ending?

  /// Bytes of a file that decide whether it is binary from its beginning.
  static let headBytes = 96 << 10

  /// - Parameters:
  ///   - isPrompt: lines do not wait: those ahead of a unit with a zero byte are told in any case.
  ///   - plan: the plan whose units are absorbed; it is told when an input is answered before its end.
  ///   - onLines: called in order of the lines.
  ///   - onFile: called once for every input, after its lines.
  package init(
    _ options: SearchOptions, plan: FilePlan, isPrompt: Bool = false, onLines: @escaping OnLines,
    onFile: @escaping (SearchedFile) -> Void
  ) {
    self.options = options
    context = options.context.map { ContextLines($0, options) }
    self.plan = plan
    self.isPrompt = isPrompt
    self.onLines = onLines
    self.onFile = onFile
  }

  /// Takes slices in order of inputs and of their place in them.
  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    let task: FileTask
    do throws(UnitFailure) {
      task = try FileTask(of: unit)
    } catch {
      var stranger = SearchedFile(.stranger(unit))
      stranger.failure = error
      return onFile(stranger)
    }
    if row != task.row { begin(task) }
    // An engine may have had more in hand when the search was over.
    guard !isOver, ending == nil else { return }
    switch outcome {
    case .failed(let failure): end(failure)
    case .done(let bytes):
      // As most slices are; with context even those may end what is told of others.
      if context == nil, let size = SearchPartial.sizeOfNothing(bytes) {
        take(nothingIn: size)
      } else {
        guard let partial = try? SearchPartial(wire: bytes) else {
          return end(UnitFailure(.crashed, "its result cannot be read"))
        }
        take(partial)
      }
      if task.isLast {
        end()
      } else if isAnswered {
        plan.skip(row: task.row)
        end()
        // No input is left, so nothing the engine still has in hand can matter.
        if plan.endsWith(row: task.row) { ending = .satisfied }
      }
    }
  }

  /// Another input begins.
  private func begin(_ task: FileTask) {
    row = task.row
    file = SearchedFile(task)
    (isOver, isBinary) = (false, false)
    (bytesBefore, linesBefore) = (0, 0)
    waiting = []
    context?.begin()
  }

  /// True when what is left of the input need not be read.
  private var isAnswered: Bool {
    if options.skipsBinary {
      // A zero byte among the first bytes takes everything back.
      if isBinary { return true }
      if bytesBefore < Self.headBytes { return false }
    }
    if let limit = options.limit, file.selected >= limit, !mayHide, !(context?.isOwed(from: linesBefore) ?? false) {
      return true
    }
    return switch options.report {
    case .names, .namesWithout, .nothing: file.selected > 0
    case .lines: file.hidesLines
    case .counts: false
    }
  }

  /// A zero byte may still make the file binary from its beginning.
  private var mayHide: Bool {
    options.report == .lines && !options.isText && !isBinary && bytesBefore < Self.headBytes
  }

  /// Takes what a slice found; all that it counts is relative to the slice.
  private func take(_ partial: SearchPartial) {
    let isHead = bytesBefore < Self.headBytes
    if let zero = partial.firstZero, isHead, bytesBefore + zero < Self.headBytes { hideWaiting() }
    if options.skipsBinary, isBinary { return }
    let left = options.limit.map { $0 - file.selected } ?? .max
    let selected = min(partial.selected, left)
    if !isBinary {
      tell(partial.lines, left)
      // A limit may end the selected lines ahead of the first hidden one.
      if options.report == .lines, !options.skipsBinary, selected > partial.visible { hide() }
      isBinary = partial.firstZero != nil
    } else if selected > 0 {
      hide()
    }
    file.selected += selected
    if options.countsMatches {
      file.matches +=
        options.limit == nil
        ? partial.matches : partial.matchesByLine.prefix(Int(clamping: selected)).reduce(0) { $0 + UInt64($1) }
    }
    // Of a file that is counted, all or nothing counts.
    if options.skipsBinary, isBinary, options.report == .counts { (file.selected, file.matches) = (0, 0) }
    bytesBefore += partial.bytes
    linesBefore += partial.newlines
    if bytesBefore >= Self.headBytes || isPrompt { tellWaiting() }
  }

  /// As `take` does for a slice of `size` bytes in which there was nothing.
  private func take(nothingIn size: UInt64) {
    if options.skipsBinary, isBinary { return }
    bytesBefore += size
    if bytesBefore >= Self.headBytes || isPrompt { tellWaiting() }
  }

  /// Takes the lines of a slice, of which at most `left` may be selected.
  private func tell(_ lines: SelectedLines, _ left: UInt64) {
    var lines = lines
    for index in lines.offsets.indices { lines.offsets[index] += bytesBefore }
    if context != nil {
      let chosen = context!.choose(lines, before: linesBefore, limit: left)
      if !chosen.lines.ends.isEmpty { waiting.append(chosen) }
      return
    }
    if options.limit != nil { lines.keep(Int(min(left, UInt64(Int32.max)))) }
    if !lines.text.isEmpty { waiting.append((lines, linesBefore)) }
  }

  /// A selected line is not told, since the file is binary.
  private func hide() {
    file.hidesLines = true
    context?.noteHidden()
  }

  /// The file is binary from its beginning.
  private func hideWaiting() {
    isBinary = true
    if options.skipsBinary {
      (file.selected, file.matches) = (0, 0)
    } else if file.selected > 0 {
      hide()
    }
    waiting = []
  }

  /// Nothing can hide the waiting lines any more.
  private func tellWaiting() {
    for (lines, before) in waiting { onLines(file.name, lines, before) }
    waiting = []
  }

  /// The input is over: its last lines, then what is known of it.
  private func end(_ failure: UnitFailure? = nil) {
    isOver = true
    tellWaiting()
    file.failure = failure
    if options.report != .lines { file.hidesLines = false }
    onFile(file)
    if options.report == .nothing, file.selected > 0 { ending = .satisfied }
  }
}
