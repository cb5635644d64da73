import LanesCore
import LanesOS

/// Worker processes that share nothing but a pipe or a piece of memory with the coordinator, this process.
package struct ProcessesEngine: Engine {
  private let options: EngineOptions
  private let channel: ChannelKind
  private let worker: WorkerCommand

  /// - Parameters:
  ///   - channel: how inputs and outputs travel between the coordinator and workers.
  ///   - worker: how a worker is started.
  package init(_ options: EngineOptions, channel: ChannelKind, worker: WorkerCommand) {
    self.options = options
    self.channel = channel
    self.worker = worker
  }

  package var setup: EngineSetup { EngineSetup(kind: .processes, lanes: options.lanes, channel: channel) }

  /// Runs the whole batch; the calling thread coordinates and performs nothing itself.
  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let recorder = RunRecorder(batch, observer, setup)
    let coordinator: Coordinator
    do throws(SystemError) {
      coordinator = try Coordinator(batch, recorder, options, channel, worker)
      try coordinator.run()
    } catch {
      throw .system("worker processes: \(error.call): \(error.reason)")
    }
    // The workers have ended by now, whatever the problem was.
    if let problem = coordinator.problem { throw problem }
    return recorder.close(workers: coordinator.usages)
  }
}
