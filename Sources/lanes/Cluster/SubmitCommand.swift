import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport

/// Who runs the shards of a plan.
enum ClusterKind: String, ExpressibleByArgument, CaseIterable {
  /// Processes of this machine.
  case local
  /// Tasks of a Slurm array job.
  case slurm
  /// Pods of a Kubernetes job, whose manifest is written.
  case k8s
  /// Processes of other machines, over ssh.
  case ssh
}

/// `lanes submit`: plans a command, has its shards run, and puts the parts together.
struct SubmitCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Divide a command, run its shards, and print its result.",
    usage: "lanes submit [OPTION]... DIR --cluster CLUSTER -- COMMAND\nlanes submit [OPTION]... DIR --cluster CLUSTER",
    discussion: """
      Plans COMMAND in DIR, runs lanes shard for every shard that has no part yet, and merges. Without COMMAND it goes on with \
      the plan that DIR holds. Shards that end without a part are run again in the next round, unless they are refused. \
      What shards say is in DIR/log.

      With --cluster local, Ctrl-C stops shards in order. With --cluster slurm it leaves the job alone: the same words without \
      COMMAND wait for it again, and lanes cancel ends it. The job is an array of the shards that are missing; parts are \
      believed and not the queue, so that lost nodes and a lost controller cost a round at most.

      With --cluster ssh, the hosts of a file do shards, one at a time each. A host that is lost, or that refuses, takes no more \
      of them in this round, and its shard goes to another one. Ctrl-C stops shards everywhere in order. Every host must have \
      this program, the inputs and DIR under the same names, and let ssh in without a question.

      With --cluster k8s, DIR/job.yaml is written: the manifest of an Indexed Job of the shards that are missing, for \
      kubectl apply. Pods see a claim, which must be ReadWriteMany, at the working directory or where --mount says; their image \
      has lanes on its PATH. When they are done lanes merge prints the result.

      Engine options before -- are those of every shard; see lanes help engines.

      EXAMPLES
        lanes submit job --cluster local -- files top -r logs
        lanes submit job --cluster local --at-once 2 -j 1 -- primes 1e12
        lanes submit job --cluster local
        lanes submit job --cluster slurm --cpus 8 -j 8 -- images info photos
        lanes submit job --cluster ssh --hosts machines -- primes 1e13 --sum
        lanes submit job --cluster k8s --image registry/lanes:1 --claim photos --mount /data --cpus 8 -- files top -r logs
      """)

  static let statuses =
    ExitStatus.page(
      "The command ended well.", "As the command: some units failed; of files search: nothing was found.",
      trouble: "Of files search: a file could not be read.") + ExitStatus.clusterPage

  @Argument(
    help: ArgumentHelp("The folder of the plan, which is made where COMMAND is given.", valueName: "DIR"),
    completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "Who runs the shards: local, processes of this machine; slurm, k8s or ssh.", valueName: "CLUSTER"))
  var cluster: ClusterKind

  @Option(
    name: .customLong("at-once"), parsing: .unconditional,
    help: ArgumentHelp(
      "Shards that run at a time, with ssh on each host. (default: 1; slurm, k8s: as many as it starts)", valueName: "K"
    ))
  var atOnce: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How often shards without a part are run. (default: 3; k8s: 4)", valueName: "R"))
  var rounds: Int?

  @OptionGroup(title: "How it is cut")
  var cut: CutArguments

  @OptionGroup(title: "What a shard is given")
  var resources: ShardResources

  @OptionGroup(title: "Slurm")
  var slurm: SlurmArguments

  @OptionGroup(title: "Kubernetes")
  var kubernetes: KubernetesArguments

  @OptionGroup(title: "ssh")
  var ssh: HostArguments

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The command to divide.", valueName: "COMMAND"))
  var words: [String] = []

  func validate() throws {
    if let atOnce, !(1...1000).contains(atOnce) {
      throw ValidationError("--at-once takes a number from 1 to 1000, not \(atOnce)")
    }
    if cluster != .slurm { try engine.refuse(slurm.given, "is for --cluster slurm") }
    if cluster != .k8s { try engine.refuse(kubernetes.given, "is for --cluster k8s") }
    if cluster != .ssh { try engine.refuse(ssh.given, "is for --cluster ssh") }
    switch cluster {
    case .local: try engine.refuse(resources.given, "is for --cluster slurm and k8s; here there is -j")
    case .ssh:
      try engine.refuse(resources.given, "is for --cluster slurm and k8s; on hosts there is -j")
      if ssh.hosts == nil {
        throw ValidationError("--cluster ssh needs --hosts, a file with the name of a host in each line")
      }
    case .k8s: try kubernetes.check(resources)
    case .slurm: break
    }
    if let rounds, !(1...100).contains(rounds) {
      throw ValidationError("--rounds takes a number from 1 to 100, not \(rounds)")
    }
    if words.isEmpty, cut.isGiven {
      throw ValidationError(
        "DIR holds a plan that is cut already: leave out --shards and --shard-time, or name a COMMAND behind --")
    }
    try engine.refuse(
      [
        ("journal", engine.journal != nil), ("resume", engine.resume != nil), ("stats", engine.stats),
        ("trace", engine.trace != nil), ("json", engine.json),
      ], "is no option of all shards together: give it to lanes shard, or --json to COMMAND")
  }

  func run() throws {
    let folder = ClusterFolder(folder)
    try StopSignals.install()
    // Before a plan is written that could not be run.
    let hosts = try ssh.read()
    if cluster == .slurm || cluster == .ssh { try folder.checkName() }
    if cluster == .k8s, !words.isEmpty { _ = try kubernetes.mountPoint(of: folder, directory: ClusterFolder(".").path) }
    if !words.isEmpty { _ = try folder.plan(DividedWords.typed()!, cut) }
    let plan = try folder.read()
    switch cluster {
    case .local: try runProcesses(plan, folder, places: Array(repeating: .here, count: atOnce ?? 1))
    case .ssh: try runProcesses(plan, folder, places: (0..<(atOnce ?? 1)).flatMap { _ in hosts.map { .host($0) } })
    case .k8s: if try writeManifest(plan, folder) { return }
    case .slurm: if try !runOnSlurm(plan, folder) { return }
    }
    try folder.merge(MergeOptions())
  }

  /// What stands behind --cluster, with the option that it needs.
  private var clusterWords: String { cluster.rawValue + (ssh.hosts.map { " --hosts \($0)" } ?? "") }

  /// True where there is something to do for the cluster.
  private func writeManifest(_ plan: FrozenPlan, _ folder: ClusterFolder) throws -> Bool {
    let missing = try folder.parts(of: plan).missing
    guard !missing.isEmpty else { return false }
    let job = KubernetesJob(
      plan, folder, mount: try kubernetes.mountPoint(of: folder, directory: plan.directory), kubernetes, resources,
      atOnce: atOnce, tries: rounds ?? 4, words: engine.words)
    let file = "\(folder.name)/\(try job.write(missing))"
    if !engine.quiet {
      StandardError.line(
        "lanes: \(file) is a Job of \(Readable.counted(missing.count, "shard")): kubectl apply -f \(file) starts it, and "
          + "lanes merge \(folder.name) prints the result once it is done")
    }
    return true
  }

  private func runProcesses(_ plan: FrozenPlan, _ folder: ClusterFolder, places: [ProcessCluster.Place]) throws {
    let processes: ProcessCluster
    do { processes = try ProcessCluster(plan, folder, places: places, words: engine.words) } catch {
      throw ExitStatus.stoppedEarly.failing("the shards cannot be run: \(error.call): \(error.reason)")
    }
    // What was refused once is refused again.
    var refused: Set<Int> = []
    let console = ProgressReporter(engine, resultsOnScreen: false)
    for _ in 0..<(rounds ?? 3) {
      let missing = try folder.parts(of: plan).missing.filter { !refused.contains($0) }
      guard !missing.isEmpty else { return }
      let failed = try processes.run(missing, console)
      console.clear()
      if let signal = StopSignals.received {
        let done = plan.stretches.count - PartSet(plan, folder.path).missing.count
        StandardError.line(
          "lanes: stopped with \(Readable.counted(done, "shard")) of \(plan.stretches.count) done; "
            + "lanes submit \(folder.name) --cluster \(clusterWords) goes on")
        StopSignals.die(by: signal)
      }
      for shard in failed { StandardError.line("lanes: shard \(shard.number): \(shard.reason)") }
      refused.formUnion(failed.lazy.filter(\.isFinal).map(\.number))
      if processes.isOver { return }
    }
  }

  /// False where nobody is to wait for the job.
  private func runOnSlurm(_ plan: FrozenPlan, _ folder: ClusterFolder) throws -> Bool {
    let cluster = SlurmCluster(
      plan, folder, atOnce: atOnce, requests: slurm.words(resources), words: engine.words)
    let console = ProgressReporter(engine, resultsOnScreen: false)
    // Without a COMMAND the job that is under way comes first, if there is one.
    var job = words.isEmpty ? SlurmCluster.job(of: folder) : nil
    var round = 0
    while round < rounds ?? 3 {
      let missing = try folder.parts(of: plan).missing
      guard !missing.isEmpty else { return true }
      if job == nil {
        round += 1
        job = try cluster.submit(missing)
        if !engine.quiet {
          console.say("lanes: job \(job!): \(Readable.counted(missing.count, "shard"))")
        }
      }
      if slurm.detach { return false }
      if case .stopped(let signal) = try cluster.wait(job!, console) {
        console.clear()
        StandardError.line(
          "lanes: the job \(job!) goes on; lanes submit \(folder.name) --cluster slurm waits for it, and lanes cancel "
            + "\(folder.name) ends it")
        StopSignals.die(by: signal)
      }
      console.clear()
      if let refusal = cluster.refusal(of: job!) {
        StandardError.line("lanes: \(refusal); it would be refused again, so that there are no more rounds")
        return true
      }
      job = nil
    }
    return true
  }
}

/// `lanes cancel`: ends the job that runs the shards of a plan.
struct CancelCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "End the Slurm job that runs the shards of a plan.",
    usage: "lanes cancel DIR",
    discussion: """
      Shards that run are stopped in order, with what they have done written down; parts that are there stay. lanes submit \
      goes on with them.

      EXAMPLES
        lanes cancel job
      """)

  static let statuses = ExitStatus.page("The job was cancelled, or is over.", nil)

  @Argument(help: ArgumentHelp("The folder of the plan.", valueName: "DIR"), completion: .directory)
  var folder: String

  func run() throws { try SlurmCluster.cancel(ClusterFolder(folder)) }
}
