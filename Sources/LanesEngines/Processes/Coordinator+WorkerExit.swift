import LanesCore
import LanesOS

/// What happens when a worker ends, wanted or not, or takes too long.
///
/// A worker that held one unit when it crashed was killed by that unit. One that held several says nothing about which:
/// each is then performed alone in a worker, where a second crash is certain to be its own. A kill from outside
/// (SIGKILL, SIGTERM, SIGHUP, SIGINT: a person, the kernel short of memory) is not held against the unit until it has
/// happened `outsideKills` times.
extension Coordinator {
  /// Kills from outside that one unit may meet: far beyond bad luck, soon enough when the unit itself exhausts memory.
  private static let outsideKills = 10
  private static let outsideSignals: Set<Int32> = [
    Signal.hangUp, Signal.interrupt, Signal.kill, Signal.terminate,
  ]

  /// How a worker ended, and whose doing that was.
  private struct WorkerEnd {
    /// Such as "by signal 11 (SIGSEGV)".
    let words: String
    /// True for a signal that a person or the kernel sends, and for a channel that failed, which no unit causes by crashing.
    let isFromOutside: Bool

    init(_ exit: Child.Exit, _ offense: WorkerLink.Offense?) {
      if case .garbled = offense {
        words = "killed because it had sent a garbled message"
        isFromOutside = false
      } else {
        words = exit.words
        isFromOutside =
          switch exit {
          case .signal(let signal): outsideSignals.contains(signal)
          case .status(let code): code == WorkerCommand.unreachableStatus
          }
      }
    }
  }

  /// Reaps a worker that has ended, returns its units, and starts another in its place where one is still wanted.
  func buryWorker(_ link: WorkerLink) {
    let wasStarting = link.state == .starting
    // Read before `reap`, which takes last frames and sets the state.
    let wasLeaving = link.state == .leaving
    do {
      let (exit, usage) = try link.reap()
      let end = WorkerEnd(exit, link.offense)
      usages.append(complete(usage, link.farewell))
      recorder.record.lanes[link.lane].transferring += link.farewell?.transferring ?? 0
      links.removeAll { $0 === link }
      // A worker that was told to end and owes no answer ended as it should.
      if !wasLeaving || !link.running.isEmpty {
        recorder.record.workersLost += 1
        if link.running.isEmpty, !wasStarting { noteIdleDeath(end) }
        // A worker that was still starting has looked at no unit, so none is to blame.
        returnUnits(of: link, end, blamed: !wasStarting)
      }
      if wasStarting { noteFailedStart(end) }
      if !wasLeaving, problem == nil, recorder.ending == nil { try replace(link, after: wasStarting ? pause : 0) }
    } catch {
      problem = .system("a worker process cannot be replaced: \(error.call): \(error.reason)")
    }
  }

  /// Starts another worker in the lane of a dead one, at once or after some nanoseconds.
  private func replace(_ link: WorkerLink, after pause: Int64) throws(SystemError) {
    let lane = link.lane
    guard pause > 0 else { return try start(lane) }
    _ = reactor.schedule(at: monotonicNow() + pause) { [unowned self] in
      // The run may have ended while the pause lasted.
      guard self.problem == nil, self.recorder.ending == nil, !self.isShuttingDown else { return }
      do throws(SystemError) {
        try self.start(lane)
      } catch {
        self.problem = .system("a worker process cannot be replaced: \(error.call): \(error.reason)")
      }
    }
  }

  /// Nanoseconds to wait after workers that did not even start: 10 ms, and twice as long each time, so that what makes
  /// them fail may pass and a machine in trouble is not kept busy with starting processes.
  private var pause: Int64 { 10_000_000 << min(max(failedStarts, 1) - 1, 7) }

  /// Lets a unit's time run out: from the moment it is first in its worker. The worker asks itself first and ends the
  /// unit cleanly; a quarter later, at least a quarter second, it is killed.
  func watchClock(_ link: WorkerLink) {
    guard let timeout = options.timeout else { return }
    if let timer = link.timer { reactor.cancel(timer) }
    link.timer = nil
    guard let first = link.running.first else { return }
    // The margin leaves the worker time to end the unit by itself, and its answer time to arrive.
    let limit = timeout.nanoseconds
    let deadline = monotonicNow() + limit + max(limit / 4, 250_000_000)
    link.timer = reactor.schedule(at: deadline) { [unowned link] in
      link.kill(for: .overdue(first))
    }
  }

  /// What the kernel counted of a process, with what it said of itself.
  private func complete(_ usage: ProcessUsage, _ farewell: Farewell?) -> ProcessUsage {
    var usage = usage
    if let farewell { usage.takeOwnFigures(from: farewell.usage) }
    return usage
  }

  /// - Parameter blamed: false for a worker that ended before it had looked at any unit.
  private func returnUnits(of link: WorkerLink, _ end: WorkerEnd, blamed: Bool) {
    let held = link.running
    link.running = []
    for slot in link.slots { slot.workerEnded() }
    for inFlight in held {
      guard blamed else {
        retryOrDrop(inFlight)
        continue
      }
      // Why it was killed says more than how it ended.
      switch link.offense {
      case .overdue(let overdue) where inFlight === overdue:
        finish(inFlight, .failed(UnitFailure(.timedOut, "it took longer than allowed and its worker was killed")))
      // The others only waited for the one whose time was up.
      case .overdue: retryOrDrop(inFlight)
      // Alone, the unit made the output that there is no memory for. Otherwise each is tried by itself.
      case .oversized(let bytes) where held.count == 1: finish(inFlight, .failed(.noMemory(MemoryShortage(bytes))))
      case .oversized:
        inFlight.deaths.mustBeAlone = true
        retryOrDrop(inFlight)
      case .garbled, .unreachable, nil: attributeExit(inFlight, end, isCertain: held.count == 1)
      }
    }
  }

  /// Counts a death against a unit, and fails it when there were too many.
  ///
  /// - Parameter isCertain: true when the worker held no other unit.
  private func attributeExit(_ inFlight: InFlightUnit, _ end: WorkerEnd, isCertain: Bool) {
    if end.isFromOutside {
      inFlight.deaths.kills += 1
      // Twice is still chance, but from then on its neighbors shall not suffer if it is not.
      inFlight.deaths.mustBeAlone = inFlight.deaths.kills >= 2
      if inFlight.deaths.kills < max(Self.outsideKills, options.retries + 1) { return retryOrDrop(inFlight) }
    } else {
      inFlight.deaths.crashes += 1
      inFlight.deaths.mustBeAlone = true
      if !isCertain || inFlight.deaths.crashes <= options.retries { return retryOrDrop(inFlight) }
    }
    // All deaths are told, forgiven ones included.
    let deaths = inFlight.deaths.count
    let times = deaths == 1 ? "once" : deaths == 2 ? "twice" : "\(deaths) times"
    finish(inFlight, .failed(UnitFailure(.crashed, "its worker process died \(times), the last time \(end.words)")))
  }

  /// Gives up when worker processes do not start; a kill from outside says little about that, also in a row.
  private func noteFailedStart(_ end: WorkerEnd) {
    failedStarts += 1
    guard failedStarts >= (end.isFromOutside ? Self.outsideKills : 3) else { return }
    problem = .system(
      "worker processes do not start: \(failedStarts) in a row ended before they were ready, the last one \(end.words)"
    )
  }

  /// Gives up when workers start and end without having been given anything, time and again.
  private func noteIdleDeath(_ end: WorkerEnd) {
    idleDeaths += 1
    guard idleDeaths >= Self.outsideKills else { return }
    problem = .system(
      "worker processes do not stay: \(idleDeaths) in a row ended without a unit, the last one \(end.words)")
  }
}

extension Child.Exit {
  /// Such as "by signal 11 (SIGSEGV)".
  var words: String {
    switch self {
    case .status(let code): "with exit status \(code)"
    case .signal(let number): "by signal \(number) (\(Signal.name(number)))"
    }
  }
}
