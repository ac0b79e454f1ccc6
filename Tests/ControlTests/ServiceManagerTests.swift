import Foundation
import TestSupport
import Testing

@testable import Control

@Suite struct ServiceManagerTests {
    static let places = [
        "\(FileManager.default.temporaryDirectory.path)/notify-\(UUID())", "@gatehouse-notify-\(UUID())",
        "@" + String(repeating: "x", count: 106),
    ]

    @Test(arguments: places) func tells(path: String) throws {
        let socket = try DatagramSocket(path)
        defer { if path.hasPrefix("/") { try? FileManager.default.removeItem(atPath: path) } }
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": path]))
        #expect(manager.tell(.ready))
        #expect(manager.tell(.alive, .status("two\nlines")))
        #expect(manager.tell(.stopping))
        #expect(socket.all == ["READY=1", "WATCHDOG=1\nSTATUS=two lines", "STOPPING=1"])
        #expect(manager.tell(.reloading))
        let reload = try #require(socket.all.last)
        // Since the machine started, and before now: systemd 253 compares it with its own clock.
        let uptime = try shell("cat /proc/uptime").split(separator: ".").first.flatMap { Int($0) }
        let stamp = reload.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=([0-9]+)/).flatMap { Int($0.1) }
        let difference = try #require(stamp) / 1_000_000 - (try #require(uptime))
        #expect(abs(difference) < 60)
    }

    @Test func nobodyListens() throws {
        #expect(ServiceManager(environment: [:]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": ""]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "vsock:2:1234"]) == nil)
        for path in [
            "/nowhere/at/all", "@gatehouse-nobody-\(UUID())", "/" + String(repeating: "x", count: 200),
        ] {
            let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": path]))
            #expect(!manager.tell(.ready), "\(path)")
        }
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], .seconds(30)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], .seconds(30)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "x"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "soon"], nil),
            (["WATCHDOG_PID": "7"], nil),
        ] as [([String: String], Duration?)])
    func watchdog(environment: [String: String], expected: Duration?) throws {
        let all = environment.merging(["NOTIFY_SOCKET": "@x"]) { first, _ in first }
        #expect(try #require(ServiceManager(environment: all, process: 7)).watchdog == expected)
    }

    /// A manager that does not read holds us up for a moment, and not for ever.
    @Test func aFullQueueIsNoEnd() throws {
        let path = "@gatehouse-full-\(UUID())"
        let socket = try DatagramSocket(path)
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": path]))
        var sent = 0
        while manager.tell(.alive) { sent += 1 }
        #expect(sent > 0 && socket.all.count == sent)
        #expect(manager.tell(.alive))
    }
}
