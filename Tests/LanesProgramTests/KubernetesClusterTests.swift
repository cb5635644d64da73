import LanesCore
import LanesOS
import LanesTesting
import LanesUsage
import SystemPackage
import Testing

/// Manifests of Kubernetes jobs: what stands in them, and that the commands of their pods do the work.
@Suite(.serialized) struct KubernetesClusterTests {
  private static let words = ["submit", "j", "--cluster", "k8s", "--image", "registry/lanes:1", "--claim", "work"]

  private static func manifest(_ folder: FilePath) throws -> [String] {
    String(decoding: try readFile(folder.pushing("j/job.yaml")), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Runs the command of the pod with this index, as Kubernetes would.
  private static func pod(_ index: Int, _ folder: FilePath) throws -> Program.Result {
    let line = try #require(try manifest(folder).first { $0.contains(" command: ") })
    let list = try #require(JSONValue(line.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""))
    let words = list.items.compactMap { if case .string(let word) = $0 { word } else { nil } }
    #expect(words.first == "lanes")
    // $$ is one of them there.
    let own = words.dropFirst().map { word in
      var plain = ""
      var rest = word[...]
      while let character = rest.popFirst() {
        if character == "$", rest.first == "$" { rest.removeFirst() }
        plain.append(character)
      }
      return plain
    }
    return try Program.run(own, environment: ["JOB_COMPLETION_INDEX": String(index)])
  }

  @Test func `pods of the manifest give the result of one machine, and a second one is of what is missing`() throws {
    let outer = TemporaryFolder()
    // Kubernetes would replace the first, a shell take the others apart.
    let folder = outer.file("it's $(a) $$ \"job\"")
    try Folders.make(folder)
    func lanes(_ words: [String]) throws -> Program.Result { try Program.run(words, directory: folder) }
    let first = try lanes(
      Self.words + [
        "--shards", "3", "--cpus", "2", "--mem", "1Gi", "--at-once", "2", "--mode", "serial", "--", "primes", "1e8",
      ])
    #expect(first.exit == .status(0) && first.output.isEmpty)
    #expect(
      first.errors
        == "lanes: j/job.yaml is a Job of 3 shards: kubectl apply -f j/job.yaml starts it, and lanes merge j "
        + "prints the result once it is done\n")
    let lines = try Self.manifest(folder).map { String($0.drop { $0 == " " }) }
    for line in [
      "apiVersion: batch/v1", "kind: Job", "completionMode: Indexed", "completions: 3", "parallelism: 2",
      "backoffLimitPerIndex: 3", "- action: FailIndex", "values: [64, 69]", "- action: Ignore",
      "- type: DisruptionTarget", "restartPolicy: Never", "image: \"registry/lanes:1\"", "claimName: \"work\"",
    ] {
      #expect(lines.count { $0 == line } == 1, "\(line)")
    }
    // Of requests, and of limits.
    for line in ["cpu: \"2\"", "memory: \"1Gi\""] { #expect(lines.count { $0 == line } == 2, "\(line)") }
    #expect(!lines.contains { $0.contains("--map") })

    #expect(try Self.pod(1, folder).exit == .status(0))
    let second = try lanes(Self.words + ["--rounds", "1", "--quiet"])
    #expect(second.exit == .status(0) && second.errors.isEmpty && second.output.isEmpty)
    let rest = try Self.manifest(folder).map { String($0.drop { $0 == " " }) }
    #expect(rest.contains("completions: 2") && rest.contains("parallelism: 2"))
    #expect(rest.contains("backoffLimitPerIndex: 0") && rest.contains { $0.contains("\"--map\"") })
    #expect(!rest.contains("resources:"))
    // A job's fields stay as they are: another manifest is another job.
    #expect(lines.first { $0.hasPrefix("name: lanes-") } != rest.first { $0.hasPrefix("name: lanes-") })
    for index in 0...1 { #expect(try Self.pod(index, folder).exit == .status(0)) }
    let result = try lanes(Self.words)
    #expect(result.exit == .status(0) && result.text == "5761455\n", "\(result.errors)")
  }

  @Test func `what would make no job is refused before anything is planned`() throws {
    let folder = TemporaryFolder()
    func refusal(_ words: [String]) throws -> String {
      let result = try Program.run(words + ["--", "primes", "1e6"], directory: folder.path)
      #expect(result.exit == .status(64) && result.output.isEmpty, "\(words)")
      #expect(Folders.contents(folder.path).isEmpty)
      return result.errorLines.first ?? ""
    }
    #expect(try refusal(["submit", "j", "--cluster", "k8s", "--claim", "work"]).contains("needs --image"))
    #expect(try refusal(["submit", "j", "--cluster", "k8s", "--image", "i"]).contains("needs --claim"))
    #expect(try refusal(Self.words + ["--mem", "4GB"]).contains("not '4GB'"))
    #expect(try refusal(Self.words + ["--claim", "Work_1"]).contains("'Work_1' is not the name of a claim"))
    #expect(try refusal(Self.words + ["--mount", "data"]).contains("begins with /"))
    #expect(try refusal(Self.words + ["--mount", "/none-such"]).contains("is not within /none-such"))
    #expect(try refusal(Self.words + ["--mount", "/"]).contains("a volume cannot be seen at /"))
    #expect(try refusal(Self.words + ["--partition", "short"]).contains("--partition is for --cluster slurm"))
    #expect(
      try refusal(["submit", "j", "--cluster", "local", "--image", "i"]).contains("--image is for --cluster k8s"))
    #expect(try refusal(["submit", "j", "--cluster", "local", "--cpus", "2"]).contains("here there is -j"))
  }
}
