import ControlAPI
import Foundation
import TestSupport
import Testing

@testable import gatehouse

/// Every fenced example of the control API's page, as it stands, with the real curl and the daemon's own handlers.
@Suite(.timeLimit(.minutes(30))) struct ControlPageTests {
    private struct Block {
        let language: String
        var lines: [String] = []
    }

    private static func blocks() throws -> [Block] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/gatehouse/Gatehouse.docc/ControlAPI.md")
        var (blocks, open) = ([Block](), Block?.none)
        for line in try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n") {
            if let block = open, line == "```" {
                blocks.append(block)
                open = nil
            } else if open != nil {
                open?.lines.append(line)
            } else if line.hasPrefix("```") {
                open = Block(language: String(line.dropFirst(3)))
            }
        }
        #expect(open == nil)
        return blocks
    }

    /// A command may go on behind a backslash.
    private static func commands(_ block: Block) -> [String] {
        block.lines.joined(separator: "\n").replacing("\\\n", with: "").components(separatedBy: "\n")
            .filter { !$0.isEmpty }
    }

    /// What the examples speak of: a session office/21 of a laptop that is lost to it soon.
    private static func with(_ body: (Gateway) async throws -> Void) async throws {
        try await Gateway.inFolder { folder in
            let pack = Gateway.pack().mapValues { $0.replacing("laptop-1,", with: "laptop-0077,") }
            try Gateway.write(pack, to: folder + "/rules")
            let gateway = try await Gateway(folder: folder)
            do {
                try await gateway.open(try Gateway.session(21, leaf: 1, user: "alice"), at: "10.8.0.2")
                try await body(gateway)
            } catch {
                await gateway.stop()
                throw error
            }
            await gateway.stop()
        }
    }

    @Test func examplesWork() async throws {
        let blocks = try Self.blocks()
        let places = blocks.filter { $0.language == "sh" }.flatMap(Self.commands)
        #expect(places.count >= 6, "\(places)")
        try await Self.with { gateway in
            var answer = ""
            for (index, block) in blocks.enumerated() {
                switch block.language {
                case "sh":
                    // What is shown behind commands is what the last of them answers.
                    let next = index + 1 < blocks.count ? blocks[index + 1] : nil
                    let isShown = next?.language == "json"
                    let commands = Self.commands(block)
                    for (number, command) in commands.enumerated() {
                        let status: String
                        (status, answer) = try await Self.run(command, gateway)
                        let shown = isShown && number == commands.count - 1 ? next : nil
                        #expect(try status == Self.status(shown), "\(command)\n\(answer)")
                        if !command.contains(" -I ") {
                            #expect(throws: Never.self) { try JSON(reading: Array(answer.utf8)) }
                        }
                    }
                case "json":
                    let shown = try JSON(reading: Array(block.lines.joined(separator: "\n").utf8))
                    #expect(try JSON(reading: Array(answer.utf8)) == shown)
                case "yaml": try Self.read(block)
                default: Issue.record("nobody tries a block of '\(block.language)'")
                }
            }
            // The order among them was carried out.
            #expect(try await gateway.fields("device", "laptop-0077")?["status"] == ["stolen"])
            #expect(await gateway.className(of: 21) != "bare")
        }
    }

    private static func run(_ command: String, _ gateway: Gateway) async throws -> (String, String) {
        let start = "curl "
        let socket = "/run/gatehouse/control.sock"
        #expect(command.hasPrefix(start) && command.contains(" \(socket) "), "\(command)")
        let file = gateway.folder + "/answer"
        let real = command.dropFirst(start.count).replacing(socket, with: gateway.socket)
        let status = try await shellAside("curl -q -sS -m 600 -o '\(file)' -w '%{http_code}' \(real)")
        return (status, String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self))
    }

    /// Of the problem that is shown; 200 where none is.
    private static func status(_ shown: Block?) throws -> String {
        guard let shown else { return "200" }
        let value = try JSON(reading: Array(shown.lines.joined(separator: "\n").utf8))
        guard case .number(let status)? = value["status"] else { return "200" }
        return status
    }

    /// Part of the daemon's configuration.
    private static func read(_ block: Block) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID()).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let rest = "rules: /r\nsources: [{ name: a, openvpn: { management: /m }, tunnel: tun0 }]\n"
        try Data((block.lines + [rest]).joined(separator: "\n").utf8).write(to: file)
        let (configuration, problems) = try DaemonConfiguration.read(file.path)
        #expect(problems.isEmpty, "\(problems)")
        let groups = try #require(configuration).controlGroups
        #expect(groups == [.viewer: "wheel", .operator: "netops"])
    }
}
