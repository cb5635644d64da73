import LanesCore
import LanesReport
import Testing

@testable import LanesLab

/// Pictures are drawn from measurements alone, so made-up ones will do.
@Suite struct PictureTests {
  private static let speeds = ["64 B", "4 KiB", "64 KiB"]
  private static let channels = [
    "memory, spinning", "memory, futex", "pipe", "named pipe", "POSIX queue", "System V queue", "datagrams",
    "stream socket", "TCP", "file, polled",
  ]

  private static func measured(_ name: String) -> LabMeasurements {
    var result = LabMeasurements()
    switch name {
    case "ipc":
      for channel in channels where channel != "POSIX queue" {
        let trip = LabFigure(channel, samples: Array(repeating: 14_000, count: 10))
        result.figures.append(trip)
        result.figures += speeds.map { LabFigure("\(channel), \($0)", .bytesPerSecond, each: 65_536, in: trip) }
      }
      result.texts["missing"] = "POSIX queue: Function not implemented"
    case "c10k":
      result.texts["connections"] = "2,000 connections, of which eight ask"
      for (index, kind) in ["prefork", "threads", "loop"].enumerated() {
        let time = LabFigure(kind, samples: Array(repeating: 5_000 * Double(index + 1), count: 10))
        result.figures += [
          LabFigure("requests, " + kind, .perSecond, each: 1, in: time),
          LabFigure("99th percentile, " + kind, samples: Array(repeating: 90_000, count: 10)),
          LabFigure("connection, " + kind, .bytes, samples: [index == 2 ? 10 : 120_000]),
        ]
      }
    case "layout":
      result.texts["map"] = "stack|rw-p|132 KiB|a local|0x7ffd16dcb604\n12\nheap|rw-p|132 KiB|malloc|0x56125d88d2a0"
      result.texts["threads"] = "  process number            4711              4711"
    case "starve": result.values = ["share, mutex": 0.1, "share, ticket lock": 50, "share, nice 19": 1.4]
    default: break
    }
    return result
  }

  @Test(arguments: ["ipc", "c10k", "layout", "starve"], [60, 80])
  func `pictures fit the terminal`(name: String, width: Int) throws {
    let experiment = try #require(Experiment.named(name))
    for glyphs in [Glyphs.unicode, .ascii] {
      let lines = Glyphs.with(glyphs) { experiment.picture(Self.measured(name), width) }
      #expect(!lines.isEmpty)
      #expect(lines.allSatisfy { $0.count <= width }, "\(lines.filter { $0.count > width })")
      if glyphs == .ascii { #expect(lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }) }
    }
  }

  @Test(arguments: Experiment.all.map(\.name))
  func `without measurements there is nothing to draw, and nothing fails`(name: String) throws {
    let experiment = try #require(Experiment.named(name))
    #expect(experiment.picture(LabMeasurements(), 60).allSatisfy { $0.count <= 60 })
  }

  @Test func `the grid of channels has latency and speed in a line, and says what is missing`() throws {
    let lines = try #require(Experiment.named("ipc")).picture(Self.measured("ipc"), 80)
    let pipe = try #require(lines.first { $0.hasPrefix("  pipe ") })
    #expect(pipe.contains("14.0") && pipe.contains("/s"))
    #expect(lines.contains { $0.hasPrefix("  eventfd") && $0.hasSuffix("-") })
    #expect(lines.contains("not here: POSIX queue: Function not implemented"))
  }

  @Test func `bars are as long as their values, and none is invisible`() {
    let rows = [("a", 100.0), ("b", 50), ("c", 0.01), ("d", 0)].map {
      LabBars.Row(name: $0, value: $1, text: "\(Int($1))")
    }
    let lines = Glyphs.with(.ascii) { LabBars.lines("bars", rows, width: 40) }
    let lengths = lines.dropFirst().map { $0.count { $0 == "#" } }
    #expect(lines.first == "bars")
    #expect(lengths[0] > 20 && lengths[1] == (lengths[0] + 1) / 2 && lengths[2] == 1 && lengths[3] == 0)
    #expect(lines.allSatisfy { $0.count <= 40 })
    #expect(LabBars.lines("none", [], width: 40).isEmpty)
  }
}

@Suite struct MemoryMapTests {
  private static let text = """
    55d0-55d4 r--p 00000000 fe:00 253911                     /opt/a program
    55d4-55d8 r-xp 00002000 fe:00 253911                     /opt/a program
    55d8-55e0 rw-p 0000a000 fe:00 253911                     /opt/a program
    6000-6100 rw-p 00000000 00:00 0                          [heap]
    7000-7100 rw-p 00000000 00:00 0
    7f00-7f80 rw-p 00000000 00:00 0                          [stack]

    no region at all
    8000-7000 rw-p 00000000 00:00 0
    """

  @Test func `regions have ends, access and names with blanks`() throws {
    let map = MemoryMap(Self.text)
    #expect(map.regions.count == 6)
    #expect(map.program == "/opt/a program")
    #expect(map.count(of: map.program) == 3)
    let text = try #require(map.region(of: 0x55d4))
    #expect(text.access == "r-xp" && text.range == 0x55d4..<0x55d8)
    // The end of a region is the next one's, or nobody's.
    #expect(map.region(of: 0x55d8)?.access == "rw-p")
    #expect(map.region(of: 0x6100) == nil)
    #expect(map.region(of: 0x7000)?.name == "")
    #expect(MemoryMap("").program == "" && MemoryMap("").regions.isEmpty)
  }

  @Test func `a column goes from high to low, with what lies between`() {
    let map = MemoryMap(Self.text)
    func part(_ title: String, _ address: UInt64) -> MemoryMap.Part {
      MemoryMap.Part(title: title, what: "it", address: address, region: map.region(of: address), isAsTold: true)
    }
    let rows = map.rows([part("text", 0x55d4), part("heap", 0x6010), part("stack", 0x7f01), part("lost", 0x9000)])
    #expect(
      rows.split(separator: "\n").map { $0.prefix { $0 != "|" } } == ["stack", "1", "heap", "1", "text"], "\(rows)")
    let lines = Glyphs.with(.ascii) { MemoryMap.column(rows) }
    #expect(lines.first == "highest addresses" && lines.last == "lowest addresses")
    #expect(lines.contains { $0.contains("1 more region") })
    #expect(lines.contains { $0.hasPrefix("  | heap") && $0.hasSuffix("| it 0x6010") })
    #expect(MemoryMap.column("").isEmpty)
  }
}
