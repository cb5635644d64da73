import LanesEngines
import LanesTesting

// What the tests start as a worker process: arguments are "worker" and the number of the parent.
try Worker.serve(parent: Int32(CommandLine.arguments.last!)!, workloads: [ScriptedWorkload.self])
