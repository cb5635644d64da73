import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let c10k = Experiment(
    "c10k", .talking, title: "Many connections: sixteen processes, a thread for each, or one loop for all",
    short: "loops hold far more connections than threads",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .events),
        "with 2,000 connections of which eight ask, a loop answers as quickly as threads: in at most one and a half times the time",
        .ratio(of: "request, loop", to: "request, threads", within: .atMost(1.5))),
      LabClaim(
        "b", from: .course(.processes, ostep: .events),
        "and keeps a quarter of the memory of a thread for each, or less",
        .ratio(of: "connection, loop", to: "connection, threads", within: .atMost(0.25))),
      LabClaim(
        "c", from: .course(.processes, .lab, ostep: .events),
        "a request that computes for 20 ms makes everybody in a loop wait: ten times as long as with threads, or more",
        .ratio(of: "after a long one, loop", to: "after a long one, threads", within: .atLeast(10)),
        ifRefuted: "Without a core that is free, the kernel makes them wait for each other with threads, too."),
      LabClaim(
        "d", from: .course(.processes, ostep: .events),
        "processes forked in advance hold as many connections as there are of them; all others wait until one is closed",
        .value(
          "answered, prefork", within: 16...16,
          counts: "connections that 16 processes answered while all stayed open")),
      LabClaim(
        "e", from: .course(.processes, ostep: .events), "threads and a loop answer all",
        .value("unanswered", within: 0...0, counts: "connections that threads or the loop left without an answer")),
      LabClaim(
        "f", from: .course(.processes, ostep: .events),
        "a thread for each holds ten times as many connections as a process for each: a process keeps about ten times as much",
        .ratio(of: "connection, prefork", to: "connection, threads", within: .about(10))),
    ],
    method: [
      "A server has 2,000 socket pairs, fewer where limits ask for it, and a thread for each, one epoll for all, or sixteen "
        + "forked processes of which each takes a connection, keeps it until it is closed, and takes the next.",
      "First all connections ask for a byte at once, and the answers are counted until half a second passes without one.",
      "Then eight ask: one after the other for 'request', with server and client on one CPU, and all at once, wherever the kernel "
        + "puts them, for requests a second and for the 99th percentile of "
        + "200 requests, whose answers the client reads in order.",
      "Memory is private pages and page tables, which serving added to the server, or which its sixteen processes have; divided "
        + "by the connections that they hold. What the kernel keeps for threads and sockets is not in it: lanes lab memory.",
      "Then one request makes the server compute for 20 ms, and half a millisecond later another one comes over another "
        + "connection.",
      "Misleading: Unix sockets stand for a network here, which would add its own time to all.",
    ],
    loop: "if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return -1;",
    picture: { result, width in
      // Four pictures, each from nothing to its largest value.
      let pictures = [
        ("eight ask at once: requests a second, more is better", "requests, "),
        ("99 of 100 are answered within, less is better", "99th percentile, "),
        ("memory for each connection, less is better", "connection, "),
        ("a request just after one of 20 ms is answered within, less is better", "after a long one, "),
      ]
      let lines = pictures.flatMap { title, key in
        LabBars.lines(
          title,
          Serving.all.compactMap { kind in
            result[key + kind.name].map {
              LabBars.Row(name: kind.name, value: $0.p10, text: $0.text($0.p10))
            }
          }, width: width)
      }
      return (result.texts["connections"].map { [$0] } ?? []) + lines
    }, drawn: [.perSecond]
  ) { loop in
    var result = LabMeasurements()
    // Three servers at once, one of which has both ends of its connections for a moment.
    let limit = clab_hard_limit()
    let most = limit < 0 ? 2_000 : min(2_000, (Int(limit) - 200) / 4)
    // Where the kernel puts server and client decides on a round trip more than how they are made: first all on one CPU.
    let cpu = loop.places(.same).first
    _ = clab_pin(cpu)
    guard let servers = [most, most / 2, most / 8].lazy.compactMap({ Servers(count: $0, cpu: cpu) }).first else {
      result.require(false, "hundreds of connections and as many threads could not be had; the limits are too low")
      return result
    }
    let count = servers.count
    result.texts["connections"] = "\(Readable.count(count)) connections, of which eight ask"
    servers.countAnswers(into: &result)
    servers.measureRequests(loop, into: &result)
    servers.end()
    _ = clab_pin(-1)
    guard let servers = Servers(count: count, cpu: -1) else { return result }
    servers.measureRates(loop, into: &result)
    servers.measurePercentiles(loop, into: &result)
    servers.measureLongRequests(loop, into: &result)
    return result
  }
}

/// A way to serve many connections.
private struct Serving {
  let name: String
  let kind: clab_serving

  static let all = [
    Serving(name: "prefork", kind: CLAB_SERVE_PREFORK), Serving(name: "threads", kind: CLAB_SERVE_THREADS),
    Serving(name: "loop", kind: CLAB_SERVE_LOOP),
  ]
}

/// A server of each kind; they end with the value at the latest.
private final class Servers {
  let count: Int
  private var servers: [(name: String, server: OpaquePointer)]

  /// Nil where so many connections, or so many threads, are not to be had.
  init?(count: Int, cpu: Int32) {
    guard count >= 64 else { return nil }
    self.count = count
    servers = Serving.all.compactMap { way in clab_server_new(way.kind, Int32(count), cpu).map { (way.name, $0) } }
    guard servers.count == Serving.all.count else { return nil }
  }

  deinit { end() }

  func end() {
    for (_, server) in servers { clab_server_free(server) }
    servers = []
  }

  /// Who is answered at all, and the memory that it takes.
  func countAnswers(into result: inout LabMeasurements) {
    var unanswered = 0
    for (name, server) in servers {
      let answered = Int(clab_server_answered(server))
      if name != "prefork" { unanswered += count - answered }
      result.values["answered, " + name] = Double(answered)
      let held = name == "prefork" ? Int(CLAB_PREFORKED) : count
      result.figures.append(
        LabFigure(
          "connection, " + name, .bytes, samples: [max(1, Double(clab_server_memory(server)) / Double(held))], needed: 1
        ))
    }
    result.values["unanswered"] = Double(unanswered)
  }

  func measureRequests(_ loop: LabLoop, into result: inout LabMeasurements) {
    loop.measure(
      servers.map { name, server in
        LabVariant("request, " + name, clock: .wallOfSeveral) { clab_server_requests(server, $0) }
      }, share: 0.25, into: &result)
  }

  func measureLongRequests(_ loop: LabLoop, into result: inout LabMeasurements) {
    loop.measure(
      servers.map { name, server in
        LabVariant("after a long one, " + name, most: 1, clock: .wallOfSeveral) { _ in clab_server_behind(server, 20) }
      }, share: 0.15, into: &result)
  }

  func measureRates(_ loop: LabLoop, into result: inout LabMeasurements) {
    var rounds = LabMeasurements()
    loop.measure(
      servers.map { name, server in
        LabVariant(name, per: Double(CLAB_ACTIVE), clock: .wallOfSeveral) {
          clab_server_rounds(server, $0, nil)
        }
      }, share: 0.25, into: &rounds)
    result.figures += rounds.figures.map { LabFigure("requests, " + $0.name, .perSecond, each: 1, in: $0) }
  }

  /// The 99th percentile of 200 requests, again and again, the kinds in turn.
  func measurePercentiles(_ loop: LabLoop, into result: inout LabMeasurements) {
    let rounds = 25
    var times = [Int64](repeating: 0, count: rounds * Int(CLAB_ACTIVE))
    var slowest: [String: [Double]] = [:]
    let end = clab_now() + Int64(loop.seconds * 0.15 * 1e9)
    var group = 0
    while group < 3 || (clab_now() < end && group < 200) {
      for (name, server) in group.isMultiple(of: 2) ? servers : servers.reversed() {
        guard clab_server_rounds(server, rounds, &times) >= 0 else { continue }
        slowest[name, default: []].append(Statistics(times.map(Double.init)).quantile(0.99))
      }
      group += 1
    }
    for (name, _) in servers {
      guard let samples = slowest[name] else { continue }
      result.figures.append(LabFigure("99th percentile, " + name, samples: samples))
    }
  }
}
