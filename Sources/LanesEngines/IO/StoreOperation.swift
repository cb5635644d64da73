import LanesCore
import LanesOS
import SystemPackage

/// Makes an unnamed file and writes it. A group brings it to the disk then and gives it its name (`GroupCommit`).
///
///     waiting ─▶ writing ─▶ written ─▶ handed over ─▶ ended
///        └──────────┴──────────────────────────────────▲  with a failure
final class StoreOperation: FileOperation {
  private enum State {
    case waiting
    /// So many bytes are written.
    case writing(WrittenFile, Int)
    case written(WrittenFile)
    /// The group has the file.
    case handedOver
    case ended(Result<Void, UnitFailure>)
  }

  private let bytes: UnsafeRawBufferPointer
  private let target: Destination
  private let wasWritten: () -> Void
  private let completion: AsyncFiles.StoreCompletion
  private var state = State.waiting

  /// - Parameters:
  ///   - wasWritten: called once `bytes` are needed no more, before `completion` or not at all.
  init(
    _ bytes: UnsafeRawBufferPointer, to target: Destination, wasWritten: @escaping () -> Void,
    _ completion: @escaping AsyncFiles.StoreCompletion
  ) {
    self.bytes = bytes
    self.target = target
    self.wasWritten = wasWritten
    self.completion = completion
  }

  func next(_ result: Int32?) -> RingRequest? {
    do throws(SystemError) {
      return try step(result)
    } catch {
      end(.failure(.unwritable(target, error)))
      return nil
    }
  }

  private func step(_ result: Int32?) throws(SystemError) -> RingRequest? {
    switch state {
    case .waiting: return writing(WrittenFile(try OutputFile(target), target), 0)
    case .writing(let file, let written):
      guard let result, result >= 0 else { throw SystemError("write", errno: -(result ?? 0)) }
      return writing(file, written + Int(result))
    case .written, .handedOver, .ended: preconditionFailure("a store that has no request under way")
    }
  }

  /// Asks for what is left to be written; nil when nothing is.
  private func writing(_ file: WrittenFile, _ written: Int) -> RingRequest? {
    guard written < bytes.count else {
      state = .written(file)
      return nil
    }
    state = .writing(file, written)
    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
    return .write(file.number, from: rest, at: written, rest.count < worthAWorker ? .whenReady : .byWorker)
  }

  /// The file, once it is written: whoever takes it brings it to the disk and calls `end`.
  func takeWritten() -> (file: WrittenFile, bytes: Int)? {
    guard case .written(let file) = state else { return nil }
    state = .handedOver
    wasWritten()
    return (file, bytes.count)
  }

  func end(_ outcome: Result<Void, UnitFailure>) { state = .ended(outcome) }

  func finish() {
    guard case .ended(let outcome) = state else { preconditionFailure("a store that has not ended") }
    completion(outcome)
  }

  func prefetch() {}

  func runBlocking() {
    do throws(UnitFailure) {
      state = .written(try WrittenFile(bytes, to: target))
    } catch {
      end(.failure(error))
    }
  }
}
