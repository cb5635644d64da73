/// Where the limits of control groups stand (cgroups(7)).
package enum Cgroups {
  package struct Folder: Equatable {
    /// Ends in a slash.
    package let path: String
    /// True for version 2.
    package let isUnified: Bool

    package init(path: String, isUnified: Bool) {
      self.path = path
      self.isUnified = isUnified
    }
  }

  /// Folders of the groups that `controller` counts this process in, from its own group to the root, of both versions; not all
  /// need exist.
  ///
  /// - Parameter membership: what /proc/self/cgroup holds: "4:memory:/a/b", of version 2 "0::/a/b".
  package static func folders(of controller: String, membership: String?) -> [Folder] {
    guard let membership else { return [] }
    var folders: [Folder] = []
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains(Substring(controller)) else { continue }
      let root = isUnified ? "/sys/fs/cgroup/" : "/sys/fs/cgroup/\(controller)/"
      folders += upwards(String(fields[2])).map { Folder(path: root + $0, isUnified: isUnified) }
    }
    return folders
  }

  /// The folder of this process's group of version 2, ending in a slash; nil where none is mounted.
  ///
  /// - Parameters:
  ///   - membership: what /proc/self/cgroup holds.
  ///   - mounts: what /proc/self/mountinfo holds (proc(5)): "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw".
  package static func unified(membership: String, mounts: String) -> String? {
    guard let group = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(3) else {
      return nil
    }
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 6, let end = fields.firstIndex(of: "-"), fields.indices.contains(end + 1),
        fields[end + 1] == "cgroup2"
      else { continue }
      let (root, place) = (fields[3], fields[4])
      // A container may have a part of the tree only.
      guard root == "/" || group == root || group.hasPrefix(root + "/") else { continue }
      let rest = root == "/" ? group : group.dropFirst(root.count)
      return place + rest + (rest.hasSuffix("/") ? "" : "/")
    }
    return nil
  }

  /// "a/b/", "a/" and "" for "/a/b".
  private static func upwards(_ path: String) -> [String] {
    var parts = path.split(separator: "/")
    var folders: [String] = []
    while !parts.isEmpty {
      folders.append(parts.joined(separator: "/") + "/")
      parts.removeLast()
    }
    return folders + [""]
  }
}
