import LanesCore
import LanesOS

/// A fixed number of POSIX threads, each loading, performing and storing its units itself.
///
/// The calling thread takes units from the plan, keeps the queue filled up to a bound and receives what ended.
package struct ThreadsEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .threads, lanes: options.lanes) }

  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let recorder = RunRecorder(batch, observer, setup)
    let pool = try ThreadPool.started(lanes: options.lanes, batch.workload, options)
    defer { pool.shutDown() }
    try ThreadFeeder(pool: pool, recorder: recorder, admission: Admission(batch.plan, recorder, memory: options.memory))
      .run()
    pool.shutDown(telling: recorder)
    return recorder.close()
  }
}

extension ThreadPool {
  static func started(
    lanes: Int, _ workload: any Workload, _ options: EngineOptions, stores: Bool = true
  ) throws(EngineError) -> ThreadPool {
    do {
      return try ThreadPool(lanes: lanes, workload: workload, options, stores: stores)
    } catch {
      throw .system("threads cannot be started: \(error.reason)")
    }
  }
}
