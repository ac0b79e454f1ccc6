import Foundation
import Glibc

/// The lab's place on the machine: its namespaces and its work folder.
///
/// Both have fixed names, so that a run finds what a crashed one left. The folder is 0700 and holds the keys.
package struct Site: Sendable {
    package let directory: String

    package init(directory: String = Site.defaultDirectory) { self.directory = directory }

    package static var defaultDirectory: String {
        (unsafe access("/run", W_OK) == 0 ? "/run" : NSTemporaryDirectory()) + "/gatehouse-lab"
    }

    package func path(_ name: String) -> String { "\(directory)/\(name)" }
    package var state: String { path("state") }
    package var rules: String { path("rules") }
    package var control: String { path("control.sock") }
    package var managementDirectory: String { path("ovpn") }
    package var management: String { path("ovpn/management.sock") }
    /// Where the daemon finds the server's management socket when the lab stands between the two.
    var relay: String { path("ovpn/relay.sock") }
    /// The management socket of the server that is nothing but that.
    var crowd: String { path("ovpn/crowd.sock") }
    package var seeds: String { path("totp-seeds") }
    package var sealKey: String { path("seal-key") }
    /// What the lab's transmitter of signals and the daemon know of each other.
    var signals: String { path("signals") }
    package var countries: String { path("countries") }
    /// Where the daemon's syslog sink sends, and the secret of its webhook.
    var syslog: String { path("syslog.sock") }
    var webhookSecret: String { path("webhook.secret") }
    /// The socket on which the VPN server hands certificates over.
    package var handOver: String { path("hand-over/socket") }
    /// The folder of revocation lists that the rules name.
    package var lists: String { path("lists") }
    private var ownerPath: String { path("owner") }

    /// Takes the place for this process, and removes what a crashed run left. Throws when another lab stands there.
    package func claim() async throws {
        try await removeLeftovers(evenKept: false)
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try write(Owner.current.text, to: "owner")
        for name in [
            "logs", "ovpn", "state", "www", "nginx", "vpn", "vpn/clients", "vpn/handed", "lists", "issuers",
        ] {
            try manager.createDirectory(
                atPath: path(name), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    package func markKept() throws {
        var owner = Owner.current
        owner.isKept = true
        try write(owner.text, to: "owner")
    }

    /// Writes a file of the lab, 0600, replacing it in one step: the daemon must never read half of one.
    package func write(_ text: String, to name: String) throws {
        let (target, draft) = (path(name), path(name) + ".new")
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw LabError.system(operation: "write \(draft)", errno: errno) }
        try move(draft, to: target)
    }

    /// Renames a file over another one, in one step.
    package func move(_ file: String, to target: String) throws {
        guard unsafe rename(file, target) == 0 else {
            throw LabError.system(operation: "rename \(file)", errno: errno)
        }
    }

    package func clear(_ files: [String]) throws {
        for file in files where size(of: file) > 0 { try FileManager.default.removeItem(atPath: file) }
    }

    /// Of a file, in bytes; 0 when there is none.
    package func size(of file: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    /// Makes namespaces and everything in them.
    package func build(_ spaces: [Network.Space]) async throws {
        try await Command(["ip", "-batch", "-"]).input(Network.creation(of: spaces)).succeed()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for space in spaces {
                group.addTask {
                    try await Command(["ip", "-n", space.name, "-batch", "-"])
                        .input(Network.configuration(of: space, among: spaces)).succeed()
                    try await space.forward()
                }
            }
            try await group.waitForAll()
        }
    }

    /// Removes the namespaces and the folder. The children must have been ended.
    package func remove() async throws {
        try await removeNamespaces(try await namespaces())
        if Wait.text("/proc/mounts").contains(" \(state) ") {
            try await Command(["umount", state]).succeed()
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Removes what a lab whose process is gone has left.
    package func removeLeftovers(evenKept: Bool) async throws {
        let standing = try await namespaces()
        guard let owner = Owner(text: Wait.text(ownerPath)) else {
            if standing.isEmpty || evenKept { return try await remove() }
            throw LabError.leftStanding(
                reason: "namespaces named \(Network.Space.prefix)* stand without an owner")
        }
        if owner.isAlive { throw LabError.alreadyRunning(owner: owner.process) }
        if owner.isKept, !evenKept { throw LabError.leftStanding(reason: "an earlier lab was told to stay") }
        try await remove()
    }

    private func namespaces() async throws -> [String] {
        let ours = Set(Network.Space.allCases.map(\.name))
        return try await Command(["ip", "netns", "list"]).succeed().split(separator: "\n")
            .compactMap { $0.split(separator: " ").first.map(String.init) }.filter(ours.contains)
    }

    /// Ends whatever still runs in the namespaces, by number, and removes them. A namespace that a process holds
    /// would live on without a name.
    private func removeNamespaces(_ names: [String]) async throws {
        guard !names.isEmpty else { return }
        for name in names {
            for number in try await processes(in: name) { kill(number, SIGKILL) }
        }
        for name in names {
            try? await Wait.until("the processes in \(name) to end", within: .seconds(3)) {
                try await processes(in: name).isEmpty
            }
        }
        try await Command(["ip", "-batch", "-"])
            .input(names.map { "netns delete \($0)\n" }.joined()).succeed()
    }

    private func processes(in name: String) async throws -> [Int32] {
        try await Command(["ip", "netns", "pids", name]).succeed().split(separator: "\n").compactMap {
            Int32($0)
        }
    }
}
