import LanesCore
import LanesOS

/// What the plan guesses of a compressed file, and what the fold finds true.
///
/// Where members of gzip and streams of bzip2 end is known only to whoever unpacks them. The plan takes places that look like
/// the head of a member for one, and lanes unpack from each of them to the next. A part is true when the one before it is,
/// and ends right where this one begins, checks and all. From the first that is not the file is unpacked once more, by one
/// lane; what was found in guessed parts behind it is dropped. So each answer, and each failure, is that of unpacking the file from
/// its start.
///
/// ```
///   true ──next part unpacks to its end──▶ true
///     │ └──part that does not──▶ broken ──plan: the rest, undivided──▶
///     └──failure of another kind──▶ over
/// ```
///
/// Plan and fold share it on the coordinating thread.
package final class MemberChain {
  enum State: Equatable {
    /// All parts up to the byte at `offset` of the file are true.
    case whole(upTo: Int)
    /// The part at `offset` is no run of members that ends where the next one begins.
    case broken(at: Int)
    /// Nothing more of the file is wanted.
    case over
  }

  /// What the fold holds of a file when the plan goes on by itself.
  struct Rest {
    /// The beginning of a line.
    var carry: Bytes
    /// True when something of the file was given to the workload's fold.
    var hasBegun: Bool
  }

  private(set) var state = State.over
  private var row: UInt32?
  /// Readable when the state may have changed.
  let progress: Descriptor
  /// Has the fold give away what it holds.
  var takeRest: () -> Rest = { Rest(carry: [], hasBegun: false) }

  init() throws(SystemError) { progress = try Descriptor.event() }

  /// The file of `row` is divided from `offset` on.
  func begin(row: UInt32, at offset: Int) {
    self.row = row
    state = .whole(upTo: offset)
  }

  /// True when the part of `row` at `offset` is the next true one; others are of no use.
  func expects(row: UInt32, at offset: Int) -> Bool { self.row == row && state == .whole(upTo: offset) }

  /// The part that was expected has been absorbed, or is none.
  func set(_ state: State) {
    self.state = state
    progress.raiseEvent()
  }
}

/// A plan that may guess where members begin, once somebody finds out whether that is true.
package protocol MemberPlan: UnitPlan {
  /// Nil where nothing is to be guessed.
  var members: MemberChain? { get set }
}

extension FilePlan: MemberPlan {}

extension StatsPlan: MemberPlan {
  package var members: MemberChain? {
    get { files.members }
    set { files.members = newValue }
  }
}
