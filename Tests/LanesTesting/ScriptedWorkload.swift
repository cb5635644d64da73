import Glibc
import LanesCore
import SystemPackage

/// A workload whose units do what their task says; for tests of engines.
package struct ScriptedWorkload: Workload {
  package static let name = "scripted"

  /// What a unit does. Its partial result is the sum of the input bytes and its number, its output depends on the action.
  package enum Action {
    /// Appends the input to the output.
    case echo
    /// Appends this many bytes, each the unit's number.
    case produce(Int)
    /// Fails with a reason.
    case fail(String)
    /// Ends the process that performs it by a signal.
    case die(Int32)
    /// Raises a signal, whoever handles it.
    case raise(Int32)
    /// Ends the process by a signal unless the file exists, which it makes first; so it dies only once.
    case dieOnce(Int32, marker: FilePath)
    /// Waits until the file exists, asking the deadline meanwhile.
    case waitFor(FilePath)
    /// Waits until the file exists, deaf to the deadline.
    case hangUntil(FilePath)
    /// Makes the first file and waits, deaf to the deadline, until the second exists.
    case meet(FilePath, until: FilePath)
    /// Appends parts of these lengths, each byte the part's position.
    case produceParts([Int])
    /// Makes the partial result longer by this many bytes.
    case tell(Int)
    /// Fails in a way that every other unit would, as on a full disk.
    case halt
  }

  package init() {}
  package init(from reader: inout WireReader) throws(WireError) { _ = try reader.readString() }
  package func describe(to writer: inout WireWriter) { writer.write("nothing") }

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let sum = input.withUnsafeBytes { $0.reduce(UInt64(0)) { $0 &+ UInt64($1) } }
    try act(try action(unit), unit, input, output, deadline)
    var writer = WireWriter()
    writer.write(sum &+ UInt64(unit.number))
    if case .tell(let count) = try action(unit) { return writer.bytes + Bytes(repeating: 0, count: count) }
    return writer.bytes
  }

  private func act(
    _ action: Action, _ unit: Unit, _ input: RawSpan, _ output: OutputBuffer, _ deadline: Deadline
  ) throws(UnitFailure) {
    switch action {
    case .echo: try output.append(input)
    case .produce(let count):
      try output.write(atMost: count) { room in
        room.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: unit.number))
        return count
      }
    case .fail(let reason):
      try output.append(Bytes("half an output".utf8))
      throw UnitFailure(.rejected, reason)
    case .die(let signal): die(signal)
    case .raise(let signal): Glibc.raise(signal)
    case .dieOnce(let signal, let marker):
      if makeFile(marker) { die(signal) }
      try output.append(input)
    case .waitFor(let path):
      while !exists(path) {
        try deadline.check()
        usleep(1000)
      }
    case .hangUntil(let path):
      while !exists(path) { usleep(1000) }
    case .meet(let here, let path):
      _ = makeFile(here)
      while !exists(path) { usleep(1000) }
    case .produceParts(let lengths):
      for (index, length) in lengths.enumerated() {
        // A negative length stands for a file that is not made.
        guard length >= 0 else {
          output.omitPart()
          continue
        }
        try output.append(Bytes(repeating: UInt8(index), count: length))
        output.endPart()
      }
    case .tell: break
    case .halt: throw UnitFailure(.output, "nothing can be stored", haltsBatch: true)
    }
  }

  private func die(_ signal: Int32) {
    Glibc.signal(signal, SIG_DFL)
    raise(signal)
  }

  private func makeFile(_ path: FilePath) -> Bool {
    let fd = path.withPlatformString { open($0, O_CREAT | O_EXCL | O_WRONLY, 0o600) }
    if fd >= 0 { close(fd) }
    return fd >= 0
  }

  private func exists(_ path: FilePath) -> Bool { path.withPlatformString { access($0, F_OK) } == 0 }

  /// The task that makes a unit do `action`.
  package static func task(_ action: Action) -> Bytes {
    var writer = WireWriter()
    switch action {
    case .echo: writer.write(UInt8(0))
    case .produce(let count):
      writer.write(UInt8(1))
      writer.write(count)
    case .fail(let reason):
      writer.write(UInt8(2))
      writer.write(reason)
    case .die(let signal):
      writer.write(UInt8(3))
      writer.write(signal)
    case .dieOnce(let signal, let marker):
      writer.write(UInt8(4))
      writer.write(signal)
      writer.write(marker)
    case .waitFor(let path):
      writer.write(UInt8(5))
      writer.write(path)
    case .hangUntil(let path):
      writer.write(UInt8(6))
      writer.write(path)
    case .produceParts(let lengths):
      writer.write(UInt8(7))
      writer.write(UInt32(lengths.count))
      for length in lengths { writer.write(length) }
    case .tell(let count):
      writer.write(UInt8(8))
      writer.write(count)
    case .meet(let here, let path):
      writer.write(UInt8(9))
      writer.write(here)
      writer.write(path)
    case .halt: writer.write(UInt8(10))
    case .raise(let signal):
      writer.write(UInt8(11))
      writer.write(signal)
    }
    return writer.bytes
  }

  private func action(_ unit: Unit) throws(UnitFailure) -> Action {
    var reader = WireReader(unit.task)
    do {
      switch try reader.read(UInt8.self) {
      case 0: return .echo
      case 1: return .produce(try reader.read())
      case 2: return .fail(try reader.readString())
      case 3: return .die(try reader.read())
      case 4:
        let signal = try reader.read(Int32.self)
        return .dieOnce(signal, marker: try reader.readPath())
      case 5: return .waitFor(try reader.readPath())
      case 6: return .hangUntil(try reader.readPath())
      case 8: return .tell(try reader.read())
      case 9:
        let here = try reader.readPath()
        return .meet(here, until: try reader.readPath())
      case 10: return .halt
      case 11: return .raise(try reader.read())
      default:
        var lengths: [Int] = []
        for _ in 0..<(try reader.read(UInt32.self)) { lengths.append(try reader.read()) }
        return .produceParts(lengths)
      }
    } catch {
      throw UnitFailure(.rejected, "a task that cannot be read")
    }
  }
}
