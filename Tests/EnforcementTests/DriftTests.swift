import Enforcement
import FakeKernel
import NetworkTypes
import RulesetCompiler
import Sessions
import Testing

/// What others change of our table is undone, at once and in one transaction, and named.
@Suite struct DriftTests {
    private static let author = ForeignChange.Author(name: "nft", process: 4711)
    private static let stranger = "10.8.0.66"

    private static func key(_ address: String) throws -> SessionKey {
        SessionKey(interfaceIndex: 7, address: try #require(IPAddress(address)))
    }

    private static func element(_ address: String, scope: UInt32? = nil) throws -> SetElement {
        SetElement(
            [.interfaceIndex(7), .address(try #require(IPAddress(address)))],
            data: scope.map { .mark(PacketMark.tag | $0) }, timeout: scope.map { _ in 600_000 })
    }

    /// What somebody does, what is said of it, and how many operations undo it at most.
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var operations: @Sendable () throws -> [Operation]
        var isWhole: Bool
    }

    private static let cases: [Case] = [
        Case(testDescription: "deleted table inet gatehouse", operations: { [.deleteTable] }, isWhole: true),
        Case(
            testDescription: "deleted element inet gatehouse scope_of_4",
            operations: { [.deleteElements(set: "scope_of_4", [try element("10.8.0.2")])] }, isWhole: false),
        Case(
            testDescription: "added element inet gatehouse scope_of_4",
            operations: { [.addElements(set: "scope_of_4", [try element(stranger, scope: 1)])] },
            isWhole: false),
        Case(
            testDescription: "added rule inet gatehouse refuse",
            operations: { [.addRule(Rule(chain: "refuse", [.accept]))] }, isWhole: true),
        Case(
            testDescription: "added chain inet gatehouse mine, added rule inet gatehouse mine",
            operations: { [.addChain(Chain("mine")), .addRule(Rule(chain: "mine", [.accept]))] },
            isWhole: true),
    ]

    @Test(arguments: cases) func isUndoneAndNamed(_ item: Case) async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        let before = (objects: world.kernel.objects(), elements: world.elements)
        let count = world.kernel.transactions.count
        world.log.forget()
        try world.kernel.commit(
            Transaction(table: "gatehouse", item.operations()), by: Self.author)
        await world.enforcer.settled()
        #expect(world.kernel.objects() == before.objects)
        #expect(world.elements == before.elements)
        #expect(world.kernel.transactions.count == count + 1, "one transaction")
        #expect((world.kernel.transactions.last?.operations.count ?? 0 > 4) == item.isWhole)
        let drift = try #require(await world.enforcer.drifts.last)
        #expect(drift.change.description == "nft (process 4711) \(item.testDescription)")
        #expect(drift.undoneAt == world.clock.now())
        #expect(
            world.log.all.first
                == "critical: changed behind our back: nft (process 4711) \(item.testDescription)")
        let crm = try #require(Destination(parsing: "10.10.0.20:443/tcp"))
        #expect(world.kernel.permits(crm, for: try Self.key("10.8.0.2")))
        #expect(!world.kernel.permits(crm, for: try Self.key(Self.stranger)))
    }

    /// What stands behind our table is ours too.
    @Test func theGuardIsPutBack() async throws {
        let world = try await World(policy: try Cast.policy())
        let guarded = world.kernel.objects(in: "gatehouse-guard")
        #expect(!guarded.isEmpty)
        let count = world.kernel.transactions.count
        try world.kernel.commit(
            Transaction(table: "gatehouse-guard", [.deleteTable]), by: Self.author)
        await world.enforcer.settled()
        #expect(world.kernel.objects(in: "gatehouse-guard") == guarded)
        #expect(world.kernel.transactions.count == count + 1, "the other table is left alone")
        world.kernel.loseWord()
        await world.enforcer.settled()
        #expect(world.kernel.transactions.count == count + 3, "both, when nobody knows which")
    }

    @Test func otherTablesAreNobodysBusiness() async throws {
        let world = try await World(policy: try Cast.policy())
        let count = world.kernel.transactions.count
        try world.kernel.commit(Transaction(table: "docker", [.addTable]), by: Self.author)
        await world.enforcer.settled()
        #expect(world.kernel.transactions.count == count)
        #expect(await world.enforcer.drifts.isEmpty)
    }

    /// The kernel's buffer was too small: anything may have been done.
    @Test func lostWordIsTakenForTheWorst() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.kernel.deleteTable("gatehouse")
        world.kernel.loseWord()
        await world.enforcer.settled()
        #expect(world.elements == ["10.8.0.2"])
        #expect(await world.enforcer.drifts.last?.undoneAt != nil)
    }

    /// A commit of ours that failed because the table was gone has put everything back before the kernel's word arrives.
    @Test func whatWasPutBackAlreadyIsNotPutBackTwice() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        world.kernel.holdWord(true)
        try world.kernel.commit(Transaction(table: "gatehouse", [.deleteTable]), by: Self.author)
        await world.pass(.seconds(20))
        #expect(world.elements == ["10.8.0.2"])
        let count = world.kernel.transactions.count
        world.kernel.holdWord(false)
        await world.enforcer.settled()
        #expect(world.kernel.transactions.count == count)
        let drift = try #require(await world.enforcer.drifts.last)
        #expect(drift.change.author == Self.author, "and still it is told")
        #expect(drift.undoneAt != nil)
    }

    @Test func whatTheKernelRefusesToTakeBackIsTriedAgain() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        for nth in 1...2 { world.kernel.failCommit(nth, errno: 12) }
        // The first attempt from now on would be the stranger's.
        world.kernel.deleteTable("gatehouse")
        world.kernel.loseWord()
        await world.enforcer.settled()
        #expect(await world.enforcer.drifts.last?.undoneAt == nil)
        #expect(await world.enforcer.kernelFault?.errno == 12)
        await world.pass(.seconds(2))
        #expect(world.elements == ["10.8.0.2"])
        #expect(await world.enforcer.kernelFault == nil)
    }

    @Test func keepsTheLastHundred() async throws {
        let world = try await World(policy: try Cast.policy())
        for _ in 0..<120 {
            try world.kernel.commit(Transaction(table: "gatehouse", [.deleteTable]), by: Self.author)
            await world.enforcer.settled()
        }
        #expect(await world.enforcer.drifts.count == 100)
        #expect(await world.enforcer.driftCount > 100)
    }
}

/// The kernel's side read back beside what was decided.
@Suite struct InspectionTests {
    @Test func saysWhatIsMissingAddedAndOther() async throws {
        let world = try await World(policy: try Cast.policy())
        try await world.open(try Cast.alice(), at: "10.8.0.2", code: try world.code)
        #expect(try await world.enforcer.inspectKernel().isRight)
        // Nobody hears of these.
        let key = { (address: String) in
            SessionKey(interfaceIndex: 7, address: try #require(IPAddress(address)))
        }
        let element = { (address: String, scope: UInt32?) in
            SetElement(
                [.interfaceIndex(7), .address(try #require(IPAddress(address)))],
                data: scope.map { .mark(PacketMark.tag | $0) }, timeout: scope.map { _ in 600_000 })
        }
        world.kernel.holdWord(true)
        let change = { (operations: [Operation]) in
            try world.kernel.commit(
                Transaction(table: "gatehouse", operations), by: .init(name: "nft", process: 1))
        }
        try change([.addElements(set: "scope_of_4", [try element("10.8.0.66", 1)])])
        #expect(try await world.enforcer.inspectKernel().unexpected == [try key("10.8.0.66")])
        try change([.deleteElements(set: "scope_of_4", [try element("10.8.0.2", nil)])])
        #expect(try await world.enforcer.inspectKernel().missing == [try key("10.8.0.2")])
        try change([.addElements(set: "scope_of_4", [try element("10.8.0.2", 9)])])
        #expect(try await world.enforcer.inspectKernel().differing == [try key("10.8.0.2")])
        try change([.deleteTable])
        #expect(try await world.enforcer.inspectKernel().elements == nil)
        world.kernel.holdWord(false)
        #expect(try await world.enforcer.inspectKernel().isRight, "by then it was heard of")
    }
}
