import Control
import ControlAPI
import Evidence
import Foundation
import Sessions
import Store
import Testing

@testable import gatehouse

/// Codes on their way from a terminal to the daemon, and what comes back.
@Suite struct StepUpCommandTests {
    // MARK: The command

    private static func enrol(_ gateway: Gateway, _ user: String, tenant: String?) async throws -> TOTPSeed {
        let arguments = ControlMessages.EnrolArguments(user: user, tenant: tenant, issuer: "VPN")
        let answer = try await gateway.client.call(
            ControlOperations.enrol, arguments)
        #expect(answer.tenant == tenant)
        return try #require(
            try TOTPSeedFile.parse(Array("\(user) \(answer.secret)".utf8)).get().seeds[user])
    }

    private static func stepUp(
        _ gateway: Gateway, _ session: String, tenant: String?, _ code: Secret
    ) async throws -> ControlMessages.SteppedUp {
        try await gateway.client.call(
            ControlOperations.stepUp,
            ControlMessages.StepUpArguments(session: session, tenant: tenant, code: .init(code)))
    }

    private static func failure(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no failure"
        } catch {
            return "\(error)"
        }
    }

    @Test func aCodeOpensWhatItsTenantHas() async throws {
        try await Gateway.with { gateway in
            let seed = try await Self.enrol(gateway, "alice", tenant: "boston")
            try await gateway.open(try Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            let before = try await gateway.client.call(
                ControlOperations.explain, ControlMessages.ExplainArguments(session: "office/1", to: nil))
            #expect(before.withheld.map(\.system) == ["tax"])
            #expect(
                ExplanationText.render(before).contains(
                    "- device of Boston, or one-time code of boston within 8h: laptop-1 is of no organisation, "
                        + "and no one-time code of boston was given"))
            let code = seed.code(step: seed.step(at: SystemClock().now()))
            let answer = try await Self.stepUp(gateway, "office/1", tenant: "boston", code)
            #expect(answer.session == "office/1" && answer.class == "managed" && answer.withheld.isEmpty)
            #expect(answer.grants.map(\.system) == ["crm", "portal", "tax"])
            let tax = try #require(answer.grants.last?.until)
            #expect(answer.until == tax)
            #expect(
                StepUpText.render(answer) == """
                    accepted; session office/1 is in class managed
                    reaches crm
                    reaches portal
                    reaches tax until \(tax)
                    decided anew at \(tax)
                    """)
            #expect(try gateway.store.sessions().map { Array($0.tenantVerifiedAt.keys) } == [["boston"]])
            let facts = try await gateway.client.call(
                ControlOperations.evidence, ControlMessages.SessionArgument(session: "office/1")
            ).facts
            #expect(facts.filter { $0.kind == "mfa" }.map(\.what) == ["one-time code of boston"])
            let again = await Self.failure {
                _ = try await Self.stepUp(gateway, "office/1", tenant: "boston", code)
            }
            #expect(again.contains("the code was used before: wait for the next one"))
        }
    }

    @Test func refusalsSayWhatIsMissing() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(try Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            let code = Secret("123456".utf8)
            for (session, tenant, words) in [
                ("office/9", "boston", "no session 'office/9'"),
                ("office/1", "bostn", "no tenant 'bostn' in the rules, which have: boston"),
                ("office/1", "boston", "user 'alice' has no seed for one-time codes of tenant 'boston'"),
                ("office/1", nil, "user 'alice' has no seed for one-time codes"),
            ] as [(String, String?, String)] {
                let said = await Self.failure {
                    _ = try await Self.stepUp(gateway, session, tenant: tenant, code)
                }
                #expect(said.contains(words), "\(said)")
            }
            #expect(await gateway.run("user", "enrol", "alice", "--tenant", "bostn") == 1)
            #expect(await gateway.run("user", "enrol", "alice", "--tenant", "boston") == 0)
            #expect(await gateway.run("user", "enrol", "alice", "--tenant", "boston") == 1)
            let wrong = await Self.failure {
                _ = try await Self.stepUp(gateway, "office/1", tenant: "boston", Secret("12345".utf8))
            }
            #expect(wrong.contains("a code has six or eight digits"))
            #expect(await gateway.run("user", "forget-codes", "alice", "--tenant", "boston") == 0)
            #expect(await gateway.run("user", "unenrol", "alice") == 1, "that would be her own")
            #expect(await gateway.run("user", "unenrol", "alice", "--tenant", "boston") == 0)
        }
    }

    // MARK: The code

    @Test func theCodeIsInNoDescription() throws {
        let arguments = ControlMessages.StepUpArguments(
            session: "office/1", tenant: nil, code: .init(Secret("135790".utf8)))
        var dumped = ""
        dump(arguments, to: &dumped)
        for text in ["\(arguments)", String(reflecting: arguments), dumped] {
            #expect(!text.contains("135790"))
        }
        let bytes = try JSONEncoder().encode(arguments)
        let read = try JSONDecoder().decode(ControlMessages.StepUpArguments.self, from: bytes)
        #expect(read.code.secret.matches(Secret("135790".utf8)) && read.session == "office/1")
    }

    @Test(
        arguments: [
            ("123456\n", "123456"), ("  123 456\t\r\n", "123 456"), ("123456", "123456"), ("\n", ""),
            ("", nil),
            ("12x\u{7F}3456\n", "123456"), ("123\u{3}456\n", nil), ("\u{4}", nil),
            (String(repeating: "1", count: 100), String(repeating: "1", count: 64)),
        ] as [(String, String?)])
    func theFirstLineIsRead(input: String, expected: String?) throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipe.fileHandleForWriting.close()
        let code = CodePrompt.read("", from: pipe.fileHandleForReading.fileDescriptor)
        #expect(code.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } } == expected)
    }

    /// A terminal shows nothing of what is typed, and is as it was afterwards; also when somebody gives up.
    @Test(arguments: [("123456\r", "123456"), ("12\u{3}", nil)] as [(String, String?)])
    func aTerminalShowsNothing(typed: String, expected: String?) throws {
        let master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        defer { close(master) }
        // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h, which are macros.
        var (number, unlocked) = (Int32(-1), Int32(0))
        let isMade =
            unsafe ioctl(master, 0x4004_5431, &unlocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0
        try #require(isMade)
        let terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        let mode = { @Sendable () -> tcflag_t in
            var settings = termios()
            _ = unsafe tcgetattr(terminal, &settings)
            return settings.c_lflag
        }
        let before = mode()
        #expect(before & tcflag_t(ECHO) != 0)
        let typist = Thread {
            // What is typed before echo is off would be flushed.
            while mode() & tcflag_t(ECHO) != 0 { usleep(1000) }
            _ = unsafe typed.withCString { unsafe write(master, $0, strlen($0)) }
        }
        typist.start()
        let code = CodePrompt.read("", from: terminal)
        #expect(code.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } } == expected)
        #expect(mode() == before)
        #expect(fcntl(master, F_SETFL, O_NONBLOCK) == 0)
        var shown = [UInt8](repeating: 0, count: 64)
        #expect(unsafe read(master, &shown, shown.count) <= 0, "nothing was shown")
    }
}
