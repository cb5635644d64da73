import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// What pods of a Kubernetes job need to know.
struct KubernetesArguments: ParsableArguments {
  @Option(help: ArgumentHelp("k8s: the image of pods, which has lanes on its PATH.", valueName: "IMAGE"))
  var image: String?

  @Option(
    help: ArgumentHelp("k8s: the claim, ReadWriteMany, of the volume with DIR, inputs and results.", valueName: "NAME"))
  var claim: String?

  @Option(
    help: ArgumentHelp("k8s: where pods see the volume. (default: the working directory)", valueName: "PATH"))
  var mount: String?

  /// Names of options that were given.
  var given: [(name: String, isGiven: Bool)] {
    [("image", image != nil), ("claim", claim != nil), ("mount", mount != nil)]
  }

  /// Refuses what the cluster would refuse later, or what would make no job.
  func check(_ resources: ShardResources) throws {
    guard let image, !image.isEmpty else {
      throw ValidationError("--cluster k8s needs --image, the image of pods, which has lanes on its PATH")
    }
    guard let claim else {
      throw ValidationError("--cluster k8s needs --claim, the claim of the volume with DIR, inputs and results")
    }
    if image.contains(where: \.isWhitespace) { throw ValidationError("'\(image)' is not the name of an image") }
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    guard let first = claim.first, let last = claim.last, claim.count <= 253, claim.allSatisfy(allowed.contains),
      !"-.".contains(first), !"-.".contains(last)
    else { throw ValidationError("'\(claim)' is not the name of a claim: these have a-z, 0-9, - and .") }
    if let mount, !mount.hasPrefix("/") {
      throw ValidationError("--mount takes a name that begins with /, not '\(mount)'")
    }
    if let memory = resources.mem, !Self.isQuantity(memory) {
      throw ValidationError(
        "Kubernetes takes --mem as a whole number of bytes with k, M, G, Ki, Mi or Gi, not '\(memory)'")
    }
  }

  /// Whether Kubernetes takes it as an amount of memory; fractions, which it takes as well, are left out.
  private static func isQuantity(_ text: String) -> Bool {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = UInt64(digits), number > 0 else { return false }
    return ["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(text.dropFirst(digits.count))
  }

  /// Where pods see the volume: above the directory in which names of the plan begin, and above the folder of the plan.
  func mountPoint(of folder: ClusterFolder, directory: FilePath) throws -> String {
    let mount = self.mount.map { RawArguments.path($0).lexicallyNormalized() } ?? directory
    for path in [directory, folder.path] where !path.starts(with: mount) {
      throw ExitStatus.usage.failing(
        "\(path.forDisplay) is not within \(mount.forDisplay), where pods see the volume: say --mount with a directory "
          + "that holds DIR, inputs and results")
    }
    guard !mount.components.isEmpty, !mount.string.contains(":") else {
      throw ExitStatus.usage.failing(
        "a volume cannot be seen at \(mount.forDisplay): say --mount with another directory, whose name has no colon")
    }
    guard FilePath(folder.path.string) == folder.path, FilePath(mount.string) == mount else {
      throw ExitStatus.usage.failing(
        "\(folder.name) has a name that is no UTF-8, which a manifest cannot hold: rename it")
    }
    return mount.string
  }
}

/// The manifest of an Indexed Job (batch/v1) whose pods do shards of a plan.
///
/// A pod's index is the number of its shard, or of a line in a list of those that are missing. An index that ends badly is tried
/// again by itself; one that is refused, 64 or 69, is not, and one whose node went away is not counted. `restartPolicy: Never`
/// and `Indexed` are what these rules require.
struct KubernetesJob {
  private let plan: FrozenPlan
  private let folder: ClusterFolder
  private let mount: String
  private let arguments: KubernetesArguments
  private let resources: ShardResources
  private let atOnce: Int?
  private let tries: Int
  private let words: [String]

  private static let file = "job.yaml"

  /// - Parameters:
  ///   - mount: where pods see the volume.
  ///   - arguments: checked before.
  ///   - atOnce: pods that run at a time; nil leaves it to the cluster.
  ///   - tries: how often an index is tried.
  ///   - words: engine options of every shard.
  init(
    _ plan: FrozenPlan, _ folder: ClusterFolder, mount: String, _ arguments: KubernetesArguments,
    _ resources: ShardResources, atOnce: Int?, tries: Int, words: [String]
  ) {
    self.plan = plan
    self.folder = folder
    self.mount = mount
    self.arguments = arguments
    self.resources = resources
    self.atOnce = atOnce
    self.tries = tries
    self.words = words
  }

  /// Writes the manifest for these shards beside the plan, and gives the name of its file there.
  func write(_ shards: [Int]) throws -> String {
    // The fields of a job cannot be changed once the cluster has it: every manifest names one of its own.
    let own = String(UInt64.random(in: 0..<(1 << 32)), radix: 36)
    var source = ["--from", "k8s"]
    if shards.count < plan.stretches.count {
      let list = folder.path.appending("k8s.list.\(own)")
      try folder.write(shards.map { "\($0)\n" }.joined(), list)
      source += ["--map", list.string]
    }
    let command = ["lanes", "shard"] + source + ["--quiet"] + words + [folder.path.string]
    try folder.write(text(name: "lanes-\(own)", count: shards.count, command), folder.path.appending(Self.file))
    return Self.file
  }

  /// - Parameters:
  ///   - name: of the job.
  ///   - count: of indices.
  ///   - command: what each pod runs.
  private func text(name: String, count: Int, _ command: [String]) -> String {
    // In a command Kubernetes replaces $(NAME), and $$ by one of them.
    let words = command.map { $0.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$") }
    return """
      # Written by lanes submit: every pod does one shard of a plan and writes its part.
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: \(name)
      spec:
        completionMode: Indexed
        completions: \(count)
        parallelism: \(min(atOnce ?? count, count))
        backoffLimitPerIndex: \(tries - 1)
        podFailurePolicy:
          rules:
            # Wrong usage, another program, something that is missing: the same again next time.
            - action: FailIndex
              onExitCodes:
                containerName: shard
                operator: In
                values: [64, 69]
            # A node that is drained or lost: not the shard's fault.
            - action: Ignore
              onPodConditions:
                - type: DisruptionTarget
                  status: "True"
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: shard
                image: \(JSONWriter.quoted(arguments.image!))
                command: [\(words.map(JSONWriter.quoted).joined(separator: ", "))]
      \(amounts)          volumeMounts:
                  - name: shared
                    mountPath: \(JSONWriter.quoted(mount))
            volumes:
              - name: shared
                persistentVolumeClaim:
                  claimName: \(JSONWriter.quoted(arguments.claim!))

      """
  }

  /// What is asked for is also the limit, which the shard sees and keeps to.
  private var amounts: String {
    let lines = [resources.cpus.map { "cpu: \"\($0)\"" }, resources.mem.map { "memory: \"\($0)\"" }].compactMap { $0 }
    guard !lines.isEmpty else { return "" }
    let block = lines.map { "              \($0)\n" }.joined()
    return "          resources:\n            requests:\n\(block)            limits:\n\(block)"
  }
}
