import LanesCore
import LanesEngines
import LanesFiles
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// States of hashes that go from one process to another in the middle of a file.
@Suite(.serialized) struct HashStateTests {
  /// Digests of the first bytes of `sanityBuffer`: those of xxHash's own check (xsum_sanity_check.c, without a seed), and
  /// SHA-256 of the same bytes by coreutils.
  static let vectors: [(length: Int, xxh3: String)] = [
    (1, "c44bdff4074eecdb"), (6, "27b56a84cd2d7325"), (12, "a713daf0dfbb77e7"), (24, "a3fe70bf9d3510eb"),
    (48, "397da259ecba1f11"), (80, "bcdefbbb2c47c90a"), (195, "cd94217ee362ec3a"), (403, "cdeb804d65c6dea4"),
    (512, "617e49599013cb6b"), (2048, "dd59e2c3a5f038e0"), (2240, "6e73a90539cf2948"), (2367, "cb37aeb9e5d361ed"),
  ]

  /// The bytes that xxHash's check hashes.
  private static let sanityBuffer: Bytes = {
    var generator: UInt64 = 2_654_435_761
    return (0..<2367).map { _ in
      defer { generator &*= 11_400_714_785_074_694_797 }
      return UInt8(generator >> 56)
    }
  }()

  /// One slice of each file is under way at a time, so that the state of each goes through a process for every slice; two
  /// workers take turns as they come.
  @Test(arguments: ChannelKind.allCases, [1, 63, 64, 255, 256, 257, 1024])
  func `digests are right wherever a state is handed to another process`(_ channel: ChannelKind, _ slice: Int) throws {
    let folder = TemporaryFolder()
    let inputs = try Self.vectors.map { vector in
      FileInput.path(try folder.write("\(vector.length)", Self.sanityBuffer.prefix(vector.length)))
    }
    #expect(try hash(inputs, .xxh3, channel, slice) == Self.vectors.map(\.xxh3))
    let expected = try Program.shell(
      "cd \"$1\" && shift && sha256sum \"$@\"", [folder.path.string] + Self.vectors.map { "\($0.length)" })
    #expect(try hash(inputs, .sha256, channel, slice) == expected.lines.map { String($0.prefix(64)) })
  }

  @Test(arguments: KernelTests.levels, [1, 255, 1024, 1 << 20])
  func `XXH3 is the same with every level of instructions`(_ level: UInt32, _ slice: Int) throws {
    let folder = TemporaryFolder()
    let inputs = try Self.vectors.map { vector in
      FileInput.path(try folder.write("\(vector.length)", Self.sanityBuffer.prefix(vector.length)))
    }
    let limit = KernelLimit(level)
    defer { limit.lift() }
    #expect(try hash(inputs, .xxh3, SerialEngine(EngineOptions(lanes: 1)), slice) == Self.vectors.map(\.xxh3))
  }

  private func hash(
    _ inputs: [FileInput], _ algorithm: HashAlgorithm, _ channel: ChannelKind, _ slice: Int
  ) throws -> [String] {
    let engine = Engines.make(
      .processes, channel: channel, options: EngineOptions(lanes: 2),
      worker: WorkerCommand(program: builtProgram("lanes-test-worker"), arguments: ["worker"]))
    return try hash(inputs, algorithm, engine, slice)
  }

  private func hash(
    _ inputs: [FileInput], _ algorithm: HashAlgorithm, _ engine: any Engine, _ slice: Int
  ) throws -> [String] {
    var settings = FilePlan.Settings()
    settings.wholeBytes = 0
    settings.sliceBytes = slice
    let plan = try SequentialHashPlan(inputs, settings: settings)
    var digests: [String] = []
    let rows = SequentialHashRows(plan: plan) { digests.append($0.failure?.reason ?? $0.hexadecimal) }
    _ = try engine.run(
      Batch(workload: HashWorkload(algorithm), plan: plan, fold: rows), observer: SilentObserver())
    return digests
  }
}
