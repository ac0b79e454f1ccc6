import Classification
import Evidence
import PolicyLanguage
import Sessions
import TestSupport
import Testing

/// What a described session finds in the registers of a pack: the same as if all of it were laid over a copy of them.
@Suite struct SessionDescriptionTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func agreesWithACopyOfTheRegisters(seed: UInt64) {
        var random = Seeded(seed)
        func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &random)]
        }
        var clashes = 0
        for round in 0..<400 {
            let policy = Policy(
                inside: [], authorities: [], systems: [], classes: [], registers: Self.registers(&random))
            var session = SessionDescription(
                device: pick([nil, "d0", "d1", "d9"]), user: pick(["u0", "u1", "u9", ""]))
            if Bool.random(using: &random) {
                session.deviceFields = pick([
                    ["status": ["lost"]], ["digest": [Samples.digest(pick([0, 1, 2, 9])).description]],
                    ["key": [Samples.key(pick([0, 1, 2, 9])).description]],
                ])
            }
            if Bool.random(using: &random) { session.userFields = ["groups": ["staff"]] }
            session.loans = Array(Self.loans(&random).prefix(pick([0, 1, 2])))
            session.approvals = Array(Self.approvals(&random).prefix(pick([0, 1, 2])))
            let found = session.evidence(under: policy, at: Samples.now)
            let expected = Self.laid(session, over: policy.registers, &clashes)
            let because: Comment = "seed \(seed), round \(round): \(session)"
            let device = session.device.flatMap { expected.devices[id: $0] }
            #expect(found.device == device, because)
            #expect(found.user == expected.users[session.user], because)
            #expect(found.loans == (device.map { expected.loans.loans(of: $0.id) } ?? []), because)
            #expect(found.approvals == expected.approvals.approvals(of: session.user), because)
        }
        #expect(clashes > 10)
    }

    private static func laid(
        _ session: SessionDescription, over pack: Registers, _ clashes: inout Int
    ) -> Registers {
        var registers = pack
        if let device = session.device, !session.deviceFields.isEmpty {
            let subject = RegisterSubject(.device, device)
            let usual: RegisterFields = [
                "kind": ["laptop"], "status": ["in-use"],
                "digest": [String(repeating: "0", count: 64)],
            ]
            do {
                try registers.put(
                    subject, (pack.fields(of: subject) ?? usual).merging(session.deviceFields) { $1 })
            } catch {
                clashes += 1
            }
        }
        if !session.user.isEmpty, !session.userFields.isEmpty {
            let subject = RegisterSubject(.user, session.user)
            try? registers.put(subject, (pack.fields(of: subject) ?? [:]).merging(session.userFields) { $1 })
        }
        for loan in session.loans { registers.loans.put(loan) }
        for approval in session.approvals { registers.approvals.put(approval) }
        return registers
    }

    private static func registers(_ random: inout Seeded) -> Registers {
        Registers(
            devices: DeviceRegister(
                (0..<3).map {
                    DeviceRecord(
                        id: "d\($0)", certificate: Samples.digest(UInt8($0)),
                        key: Bool.random(using: &random) ? Samples.key(UInt8($0)) : nil)
                }), users: UserRegister((0..<2).map { UserRecord(name: "u\($0)") }),
            loans: LoanRegister(loans(&random)), approvals: ApprovalRegister(approvals(&random)))
    }

    private static func loans(_ random: inout Seeded) -> [Loan] {
        (0..<4).map { number in
            Loan(
                reference: "L-\(number)", device: "d\(Int.random(in: 0..<3, using: &random))",
                user: "u\(Int.random(in: 0..<2, using: &random))", from: Samples.now - .seconds(Int64(number))
            )
        }
    }

    private static func approvals(_ random: inout Seeded) -> [Approval] {
        (0..<4).map { number in
            Approval(
                reference: "A-\(number)", kind: .remoteWorking,
                user: "u\(Int.random(in: 0..<2, using: &random))", approver: "head",
                from: Samples.now - .seconds(Int64(number)), until: nil)
        }
    }
}
