import Control
import ControlAPI
import Enforcement
import Evidence
import Foundation
import Sessions
import Store
import Testing

@testable import gatehouse

/// Command lines against a daemon with a real socket and a real database: what they change, what of it is on the disk,
/// which sessions they move, and how they end.
@Suite struct RegisterCommandsTests {
    // MARK: Statements

    @Test func statementMovesSessionsAndIsOnTheDisk() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            #expect(await gateway.className(of: 1) == "managed")
            let code = await gateway.run(
                "device", "set", "laptop-1", "managed=no", "owner=", "--reason", "it was rebuilt")
            #expect(code == 0)
            #expect(await gateway.className(of: 1) == "bare")
            let kept = try gateway.store.facts()
            #expect(kept.map(\.field) == ["managed", "owner"])
            #expect(kept.map(\.value) == [["false"], []])
            #expect(kept.map(\.over) == [["true"], ["alice"]])
            #expect(Set(kept.map(\.reason)) == ["it was rebuilt"])
            let history = try await gateway.history("device", "laptop-1")
            #expect(history.line?.fields["owner"] == nil)
            #expect(history.facts.map(\.field) == ["managed", "owner"])
        }
    }

    @Test func dryRunChangesNothing() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            #expect(await gateway.run("device", "set-status", "laptop-1", "stolen", "--dry-run") == 0)
            #expect(await gateway.className(of: 1) == "managed")
            #expect(try gateway.store.facts() == [])
            #expect(await gateway.run("device", "set-status", "laptop-1", "stolen", "--json") == 0)
            #expect(await gateway.className(of: 1) == nil)
        }
    }

    @Test func filesCountAgainWhenAsked() async throws {
        try await Gateway.with { gateway in
            _ = await gateway.run("device", "set", "laptop-1", "status=lost", "--reason", "left on a train")
            #expect(try await gateway.fields("device", "laptop-1")?["status"] == ["lost"])
            let back = ["device", "set", "laptop-1", "--as-in-files", "status", "--reason", "found"]
            #expect(await gateway.run(back[0], back[1], back[2], back[3], back[4], back[5], back[6]) == 0)
            #expect(try await gateway.fields("device", "laptop-1")?["status"] == ["in-use"])
            #expect(try gateway.store.facts() == [])
            let history = try await gateway.history("device", "laptop-1").facts
            #expect(history.map(\.reason) == ["left on a train", "found"])
            #expect(history.allSatisfy { $0.overtakenAt != nil })
        }
    }

    @Test func deviceComesAndGoes() async throws {
        try await Gateway.with { gateway in
            let digest = String(repeating: "03", count: 32)
            #expect(await gateway.run("device", "add", "laptop-9", "digest=\(digest)", "owner=bob") == 0)
            let added = try await gateway.fields("device", "laptop-9")
            #expect(added?["kind"] == ["laptop"] && added?["status"] == ["in-use"])
            #expect(await gateway.run("device", "add", "laptop-9", "digest=\(digest)") == 1)
            try await gateway.open(Gateway.session(3, leaf: 3, user: "bob"), at: "10.8.0.3")
            #expect(await gateway.className(of: 3) == "bare")
            #expect(await gateway.run("device", "remove", "laptop-9") == 0)
            #expect(await gateway.className(of: 3) == nil)
            #expect(try await gateway.fields("device", "laptop-9") == nil)
            // The one of the files too, and its history can be looked at.
            #expect(await gateway.run("device", "remove", "laptop-1", "--reason", "scrapped") == 0)
            #expect(try await gateway.fields("device", "laptop-1") == nil)
            #expect(await gateway.run("device", "show", "laptop-1") == 0)
            #expect(await gateway.run("device", "remove", "laptop-1") == 1)
            #expect(await gateway.run("device", "show", "laptop-8") == 1)
        }
    }

    @Test func usersDoStepsAndAcknowledge() async throws {
        try await Gateway.with { gateway in
            #expect(await gateway.run("user", "done", "alice", "agreement", "risk-assessment") == 0)
            #expect(
                try await gateway.fields("user", "alice")?["steps"] == [
                    "agreement", "risk-assessment", "training",
                ])
            #expect(await gateway.run("user", "set", "alice", "steps-=training", "groups+=leads") == 0)
            let alice = try await gateway.fields("user", "alice")
            #expect(alice?["steps"] == ["agreement", "risk-assessment"])
            #expect(alice?["groups"] == ["leads", "staff"])
            #expect(await gateway.run("user", "acknowledge", "alice", "--at", "2026-11-20") == 0)
            #expect(
                try await gateway.fields("user", "alice")?["acknowledged"] == ["2026-11-20T00:00:00Z"])
            #expect(await gateway.run("user", "done", "alcie", "training") == 1)
            #expect(await gateway.run("user", "add", "dave", "groups=staff") == 0)
            #expect(await gateway.run("user", "list", "--lacks", "training", "--json") == 0)
        }
    }

    // MARK: Loans and approvals

    @Test func loanOpensOnceAndEndsWithItsReturn() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(2, leaf: 2, user: "bob"), at: "10.8.0.2")
            #expect(await gateway.className(of: 2) == "bare")
            #expect(await gateway.run("loan", "open", "pool-1", "bob", "--from", "2026-11-01") == 0)
            #expect(await gateway.className(of: 2) == "lent")
            #expect(await gateway.run("loan", "open", "pool-1", "alice") == 1)
            let reference = try #require(try await gateway.lines("loan").first).key
            #expect(reference.hasPrefix("loan-pool-1-") && reference.hasSuffix("-1"))
            #expect(await gateway.run("loan", "return", "pool-1", "--dry-run") == 0)
            #expect(await gateway.className(of: 2) == "lent")
            #expect(await gateway.run("loan", "return", "pool-1") == 0)
            #expect(await gateway.className(of: 2) == "bare")
            #expect(await gateway.run("loan", "return", "pool-1") == 1)
            #expect(await gateway.run("loan", "open", "pool-1", "alice") == 0)
            #expect(try await gateway.lines("loan").map(\.key).last?.hasSuffix("-2") == true)
            #expect(await gateway.run("loan", "open", "pool-9", "alice") == 1)
        }
    }

    @Test func approvalIsGivenAndEnded() async throws {
        try await Gateway.with { gateway in
            let words = ["--approver", "erin", "--until", "2099-12-31"]
            #expect(
                await gateway.run(
                    "approval", "add", "travel", "alice", words[0], words[1], words[2], words[3],
                    "--countries",
                    "fr,DE") == 0)
            let approval = try #require(try await gateway.lines("approval").first)
            #expect(approval.key.hasPrefix("approval-alice-"))
            #expect(approval.fields["countries"] == ["DE", "FR"])
            #expect(approval.fields["until"] == ["2100-01-01T00:00:00Z"])
            #expect(await gateway.run("approval", "list", "--current", "--ends-within", "14d") == 0)
            #expect(await gateway.run("approval", "end", approval.key, "--reason", "called back") == 0)
            let ended = try #require(try await gateway.lines("approval").first)
            #expect(RegisterFilter.notEnded.matches(ended, at: SystemClock().now() + .seconds(2)) == false)
            // Travel without countries.
            #expect(
                await gateway.run(
                    "approval", "add", "travel", "alice", words[0], words[1], words[2], words[3]) == 1)
            #expect(await gateway.run("approval", "end", "A-404") == 1)
        }
    }

    // MARK: Posture, evidence, sessions

    @Test func postureIsReportedByHand() async throws {
        try await Gateway.with { gateway in
            #expect(
                await gateway.run(
                    "posture", "set", "laptop-1", "--disk-encryption", "on", "--screen-lock", "10m") == 0)
            #expect(await gateway.run("posture", "list", "--lacks", "firewall") == 0)
            #expect(await gateway.run("posture", "show", "laptop-1", "--json") == 0)
            #expect(await gateway.run("posture", "show", "pool-1") == 1)
            #expect(await gateway.run("posture", "set", "laptop-9", "--firewall", "on") == 1)
            #expect(await gateway.run("posture", "set", "laptop-1") == 64)
            let kept = try gateway.store.postures()["laptop-1"]?.posture
            #expect(kept?.screenLockMinutes?.value == 10)
        }
    }

    @Test func postureByHandCanBeTriedFirst() async throws {
        try await Gateway.with { gateway in
            let words = ["posture", "set", "laptop-1", "--firewall", "on"]
            let time = ["--observed-at", "2026-01-10t04:05:20.123z"]
            #expect(await gateway.run(words + time + ["--dry-run"]) == 0)
            #expect(await gateway.run(words + ["--dry-run", "--json"]) == 0)
            #expect(try gateway.store.postures().isEmpty)
            #expect(await gateway.run("posture", "set", "laptop-9", "--firewall", "on", "--dry-run") == 1)
            #expect(
                await gateway.run(words + ["--observed-at", "2099-01-01", "--dry-run"]) == 1)
            #expect(await gateway.run(words + ["--observed-at", "2026-01-10T04:05:20,5Z"]) == 64)
            // The trial has left nothing behind that would make this one old.
            #expect(await gateway.run(words + time) == 0)
            let kept = try #require(try gateway.store.postures()["laptop-1"]?.posture.firewall)
            #expect(kept.observedAt.nanosecondsSince1970 == 1_768_017_920_123_000_000)
        }
    }

    @Test func trialOfPostureSaysWhichSessionsWouldMove() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            var arguments = ControlMessages.PostureReportArguments(device: "laptop-1", firewall: true)
            for isTrial in [true, true, false] {
                arguments.dryRun = isTrial
                let done = try await gateway.client.call(
                    ControlOperations.report, arguments)
                #expect(done.isTrial == isTrial)
                #expect(done.moved?.map(\.to) == ["guarded"])
                #expect(await gateway.className(of: 1) == (isTrial ? "managed" : "guarded"))
                #expect(try gateway.store.postures().isEmpty == isTrial)
            }
        }
    }

    @Test func sessionsAndTheirEvidenceCanBeLookedAt() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            #expect(await gateway.run("sessions", "--user", "alice", "--class", "managed") == 0)
            #expect(await gateway.run("evidence", "office/1", "--kind", "device") == 0)
            #expect(await gateway.run("evidence", "office/7") == 1)
        }
    }

    @Test func endsWithTwoWhenNobodyAnswersAndWith64ForAWrongWord() async throws {
        try await Gateway.with { gateway in
            #expect(await gateway.run("device", "set", "laptop-1", "colour=red") == 64)
            #expect(await gateway.run("device", "list", "--where", "nonsense") == 64)
            #expect(await gateway.run("device", "list", "--status", "gone") == 64)
            await gateway.stop()
            #expect(await gateway.run("device", "list") == 2)
        }
    }

    // MARK: One-time codes

    @Test func seedIsSaidOnceSealedAndUsed() async throws {
        try await Gateway.with { gateway in
            let arguments = ControlMessages.EnrolArguments(user: "alice", issuer: "Example Council")
            let answer = try await gateway.client.call(
                ControlOperations.enrol, arguments)
            #expect(answer.uri.hasPrefix("otpauth://totp/Example%20Council:alice?secret=\(answer.secret)&"))
            let seeds = try TOTPSeedFile.parse(Array("alice \(answer.secret)".utf8)).get().seeds
            let seed = try #require(seeds["alice"])
            let code = seed.code(step: seed.step(at: SystemClock().now()))
            await gateway.login(try Gateway.session(1, leaf: 1, user: "alice"), code: code)
            #expect(await gateway.answers.words == ["admit 1"])
            // On the disk, and not in clear.
            let key = try #require(Gateway.sealingKey)
            let kept = try #require(try gateway.store.seeds(with: key)[CodeOwner("alice")])
            #expect(kept.code(step: 1).matches(seed.code(step: 1)))
            let secret = seed.withKey { $0 }
            for name in try FileManager.default.contentsOfDirectory(atPath: gateway.folder + "/state") {
                let bytes = FileManager.default.contents(atPath: gateway.folder + "/state/" + name) ?? Data()
                #expect(bytes.firstRange(of: Data(secret)) == nil, "\(name) has the seed in clear")
            }
            #expect(try gateway.store.seedEnrolments().map(\.owner) == [CodeOwner("alice")])
            // A second one must be asked for.
            #expect(await gateway.run("user", "enrol", "alice") == 1)
            #expect(await gateway.run("user", "enrol", "alice", "--replace") == 0)
            #expect(await gateway.run("user", "unenrol", "alice") == 0)
            #expect(try gateway.store.seedEnrolments() == [])
            #expect(await gateway.run("user", "unenrol", "alice") == 1)
            #expect(await gateway.run("user", "enrol", "al:ice") == 1)
        }
    }

    @Test func withoutAKeyNobodyIsEnrolled() async throws {
        try await Gateway.with(canSeal: false) { gateway in
            await #expect(throws: ControlClientError.self) {
                let arguments = ControlMessages.EnrolArguments(user: "alice", issuer: "VPN")
                do {
                    _ = try await gateway.client.call(
                        ControlOperations.enrol, arguments)
                } catch {
                    #expect("\(error)".contains("seal-key"))
                    throw error
                }
            }
            #expect(await gateway.run("user", "enrol", "alice") == 1)
            #expect(await gateway.enforcer.isEnrolled(CodeOwner("alice")) == false)
        }
    }

    @Test func seedsOfTheDatabaseCountAfterARestart() async throws {
        try await Gateway.inFolder { folder in
            let first = try await Gateway(folder: folder)
            let arguments = ControlMessages.EnrolArguments(user: "alice", issuer: "VPN")
            let answer = try await first.client.call(
                ControlOperations.enrol, arguments)
            await first.stop()
            let second = try await Gateway(folder: folder)
            let seed = try #require(
                try TOTPSeedFile.parse(Array("alice \(answer.secret)".utf8)).get().seeds["alice"])
            await second.login(
                try Gateway.session(1, leaf: 1, user: "alice"),
                code: seed.code(step: seed.step(at: SystemClock().now())))
            #expect(await second.answers.words == ["admit 1"])
            await second.stop()
        }
    }

    // MARK: Damage

    @Test func damagedDatabaseClosesTheGatewayUntilSomebodyHasLooked() async throws {
        try await Gateway.inFolder { folder in
            let first = try await Gateway(folder: folder)
            _ = await first.run("device", "set-status", "laptop-1", "stolen")
            await first.stop()
            let database = folder + "/state/gatehouse.sqlite"
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
            try Data("this is no database, whatever was here".utf8).write(to: URL(fileURLWithPath: database))

            // Also after one more restart: nobody has looked yet.
            for _ in 0..<2 {
                let closed = try await Gateway(folder: folder)
                await closed.login(try Gateway.session(1, leaf: 1, user: "alice"))
                #expect(
                    await closed.answers.words == [
                        "refuse 1: The gateway lost its records and lets nobody in until an administrator has "
                            + "looked."
                    ])
                let list = try await closed.client.call(
                    ControlOperations.sessions, ControlMessages.Nothing())
                #expect(list.closedBecause?.contains("gatehouse.sqlite.damaged-") == true)
                #expect(await closed.run("sessions") == 0)
                await closed.stop()
            }

            let looked = try await Gateway(folder: folder)
            #expect(await looked.run("device", "set-status", "laptop-1", "stolen") == 0)
            #expect(await looked.run("acknowledge-damage") == 0)
            #expect(try looked.store.damages().allSatisfy { $0.acknowledged != nil })
            #expect(await looked.run("acknowledge-damage") == 1)
            await looked.login(try Gateway.session(2, leaf: 2, user: "bob"))
            await looked.login(try Gateway.session(1, leaf: 1, user: "alice"))
            #expect(await looked.answers.words == ["admit 2", "refuse 1: It was reported lost."])
            await looked.stop()

            let open = try await Gateway(folder: folder)
            #expect(await open.enforcer.closedBecause == nil)
            await open.stop()
        }
    }
}
