import CLab
import LanesReport

extension Experiment {
  static let c10k = Experiment(
    "c10k", .talking, title: "Many connections: a thread for each, or one loop for all",
    short: "loops hold far more connections than threads",
    claims: [
      LabClaim(
        "a", from: .course(.processes, ostep: .events),
        "with 1,000 connections of which eight ask, a loop answers as quickly as threads: in at most the same time and half",
        .ratio(of: "request, loop", to: "request, threads", within: .atMost(1.5))),
      LabClaim(
        "b", from: .course(.processes, ostep: .events),
        "and keeps a quarter of the memory of a thread for each, or less",
        .ratio(of: "connection, loop", to: "connection, thread", within: .atMost(0.25))),
      LabClaim(
        "c", from: .course(.processes, .lab, ostep: .events),
        "a request that computes for 20 ms makes everybody in a loop wait: ten times as long as with threads, or more",
        .ratio(of: "behind a long one, loop", to: "behind a long one, threads", within: .atLeast(10)),
        ifRefuted: "Without a core that is free, the kernel makes them wait for each other with threads, too."),
    ],
    method: [
      "A forked server has 1,000 socket pairs, and a thread for each or one epoll for all; eight of them are asked a byte in turn "
        + "and answer it.",
      "Memory is what serving adds to the server's resident set, stacks of threads as far as they were touched.",
      "Then one request makes the server compute for 20 ms, and half a millisecond later another one comes over another "
        + "connection.",
      "Misleading: Unix sockets stand for a network here, which would add its own time to all.",
    ],
    loop: "if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return -1;"
  ) { loop in
    var result = LabMeasurements()
    _ = clab_pin(loop.places(.free).first)
    let kinds: [(String, String, clab_serving)] = [
      ("threads", "thread", CLAB_SERVE_THREADS), ("loop", "loop", CLAB_SERVE_LOOP),
    ]
    let servers = kinds.map { clab_server_new($0.2, 1_000) }
    defer { for server in servers.compactMap({ $0 }) { clab_server_free(server) } }
    guard servers.allSatisfy({ $0 != nil }) else {
      result.require(false, "1,000 connections and as many threads could not be had; the limits are too low")
      return result
    }
    loop.measure(
      zip(kinds, servers).map { kind, server in
        LabVariant("request, \(kind.0)", clock: .wallOfSeveral) { clab_server_requests(server, $0) }
      }, share: 0.6, into: &result)
    loop.measure(
      zip(kinds, servers).map { kind, server in
        LabVariant("behind a long one, \(kind.0)", most: 1, clock: .wallOfSeveral) { _ in clab_server_behind(server, 20)
        }
      }, share: 0.4, into: &result)
    for (kind, server) in zip(kinds, servers) {
      let bytes = Double(clab_server_memory(server)) / 1_000
      result.figures.append(LabFigure("connection, \(kind.1)", .bytes, samples: [max(1, bytes)], needed: 1))
    }
    return result
  }
}
