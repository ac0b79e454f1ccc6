import NetworkTypes
import RulesetCompiler
import Testing

/// What the kernel does with one transaction on top of others: a case is a line, and both kernels are put through it.
struct KernelCase: Sendable, CustomTestStringConvertible {
    var name: String
    /// Committed first; these succeed.
    var before: [Operation]
    var operations: [Operation]
    /// What the transaction is refused with, and at which operation (from 1; nil for the batch); nil when it succeeds.
    var refusal: Refusal?
    /// The scope of each session that is there afterwards, by the last byte of its address.
    var sessions: [UInt8: UInt32] = [:]
    /// The same for a kernel whose collector of dead elements, which comes about once a second, came in between: then
    /// the transaction succeeds. Nil where that makes no difference.
    var sessionsIfCollected: [UInt8: UInt32]?

    struct Refusal: Hashable, Sendable {
        var errno: Int32
        var index: Int?
    }

    var testDescription: String { name }

    static let table = "cases"
    private static let map = SessionMap.name(.ipv4)
    private static let ENOENT: Int32 = 2
    private static let EBUSY: Int32 = 16
    private static let EEXIST: Int32 = 17
    private static let ENFILE: Int32 = 23
    private static let EMLINK: Int32 = 31
    private static let EOPNOTSUPP: Int32 = 95

    private static func keys(_ last: UInt8) -> [KeyPart] {
        [.interfaceIndex(1), .address(IPAddress(ipv4: 0x0a08_0000 | UInt32(last)))]
    }

    private static func session(_ last: UInt8, _ scope: UInt32, for milliseconds: UInt64 = 3_600_000)
        -> SetElement
    {
        SetElement(keys(last), data: .mark(PacketMark.tag | scope), timeout: milliseconds)
    }

    private static func key(_ last: UInt8) -> SetElement { SetElement(keys(last)) }

    private static func add(_ elements: SetElement...) -> Operation { .addElements(set: map, elements) }
    private static func delete(_ elements: SetElement...) -> Operation { .deleteElements(set: map, elements) }
    private static func destroy(_ elements: SetElement...) -> Operation {
        .destroyElements(set: map, elements)
    }

    /// Two session maps, of room for 3 and 1, a verdict map, and chains: `start` reads the verdict map and leads on to
    /// `end`.
    private static let stage: [Operation] = [
        .addTable,
        .addSet(
            SetDefinition(
                map, key: [.interfaceIndex, .address(.ipv4)], data: .mark, hasTimeouts: true, size: 3)),
        .addSet(
            SetDefinition(
                SessionMap.name(.ipv6), key: [.interfaceIndex, .address(.ipv6)], data: .mark,
                hasTimeouts: true,
                size: 1)),
        .addSet(SetDefinition("ways", key: [.mark], data: .verdict)),
        .addChain(
            Chain("start", hook: Chain.Hook(point: .forward, priority: .filter))), .addChain(Chain("end")),
        .addRule(Rule(chain: "start", [.verdictMap(.mark, map: "ways")])),
        .addRule(Rule(chain: "start", [.goto("end")])),
    ]

    private static func way(_ mark: UInt32, to chain: String) -> Operation {
        .addElements(set: "ways", [SetElement([.mark(mark)], data: .jump(chain))])
    }

    private static func on(
        _ name: String, _ before: [Operation] = [], _ operations: [Operation], _ errno: Int32? = nil,
        at index: Int? = 1, leaves sessions: [UInt8: UInt32] = [:], orIfCollected: [UInt8: UInt32]? = nil
    ) -> KernelCase {
        KernelCase(
            name: name, before: stage + before, operations: operations,
            refusal: errno.map { Refusal(errno: $0, index: index) }, sessions: sessions,
            sessionsIfCollected: orIfCollected)
    }

    static let all: [KernelCase] = elements + objects + ways

    private static let elements: [KernelCase] = [
        on("an element is added", [], [add(session(1, 1))], leaves: [1: 1]),
        on("the same again is no error", [add(session(1, 1))], [add(session(1, 1))], leaves: [1: 1]),
        on("other data is", [add(session(1, 1))], [add(session(1, 2))], EEXIST, leaves: [1: 1]),
        on(
            "destroyed first it may", [add(session(1, 1))], [destroy(key(1)), add(session(1, 2))],
            leaves: [1: 2]),
        on("deleted first too", [add(session(1, 1))], [delete(key(1)), add(session(1, 2))], leaves: [1: 2]),
        on("deleting what is not there", [], [delete(key(1))], ENOENT),
        on("deleting what has expired", [add(session(1, 1, for: 1))], [delete(key(1))], ENOENT),
        on("destroying what is not there", [], [destroy(key(1))]),
        on(
            "destroying what has expired", [add(session(1, 1, for: 1))],
            [destroy(key(1)), add(session(1, 2))],
            leaves: [1: 2]),
        on(
            "full", [add(session(1, 1), session(2, 1), session(3, 1))], [add(session(4, 1))], ENFILE,
            leaves: [1: 1, 2: 1, 3: 1]),
        on(
            "full, and one goes in the same batch", [add(session(1, 1), session(2, 1), session(3, 1))],
            [destroy(key(1)), add(session(4, 1))], leaves: [2: 1, 3: 1, 4: 1]),
        on(
            "full of the dead, who are collected later",
            [add(session(1, 1), session(2, 1), session(3, 1, for: 1))],
            [destroy(key(3)), add(session(4, 1))], ENFILE, at: 2, leaves: [1: 1, 2: 1],
            orIfCollected: [1: 1, 2: 1, 4: 1]),
        on(
            "all or nothing", [add(session(1, 1))], [add(session(2, 1)), destroy(key(1)), delete(key(9))],
            ENOENT,
            at: 3, leaves: [1: 1]),
        on("a set that is not there", [], [.addElements(set: "none", [key(1)])], ENOENT),
        on("destroying in a set that is not there", [], [.destroyElements(set: "none", [key(1)])], ENOENT),
        on(
            "many at once, one of them bad", [add(session(2, 1))],
            [add(session(1, 1), session(2, 2), session(3, 1))], EEXIST, leaves: [2: 1]),
    ]

    private static let objects: [KernelCase] = [
        KernelCase(
            name: "no table", before: [], operations: [add(session(1, 1))],
            refusal: Refusal(errno: ENOENT, index: 1)),
        KernelCase(
            name: "no table to delete", before: [], operations: [.deleteTable],
            refusal: Refusal(errno: ENOENT, index: 1)),
        on("a table is added twice", [add(session(1, 1))], [.addTable], leaves: [1: 1]),
        on(
            "the table anew", [add(session(1, 1))], [.addTable, .deleteTable] + stage + [add(session(2, 1))],
            leaves: [2: 1]),
        on("a chain is added twice", [], [.addChain(Chain("end"))], EEXIST),
        on(
            "a set is added twice", [], [.addSet(SetDefinition("ways", key: [.mark], data: .verdict))], EEXIST
        ),
        on("a rule in no chain", [], [.addRule(Rule(chain: "none", [.accept]))], ENOENT),
        on(
            "a rule that reads no set", [],
            [.addRule(Rule(chain: "end", [.lookup([.mark], set: "none"), .accept]))],
            ENOENT),
        on("a rule that leads nowhere", [], [.addRule(Rule(chain: "end", [.goto("none")]))], ENOENT),
        on("a rule that leads to a hook", [], [.addRule(Rule(chain: "end", [.goto("start")]))], EOPNOTSUPP),
        on("a chain that a rule leads to", [], [.deleteChain("end")], EBUSY),
        on("a set that a rule reads", [], [.deleteSet("ways")], EBUSY),
        on(
            "a chain with what leads to it", [],
            [.deleteChain("start"), .deleteChain("end"), .deleteSet("ways")]),
        on("a chain that is not there", [], [.deleteChain("none")], ENOENT),
        on("a set that is not there to delete", [], [.deleteSet("none")], ENOENT),
        on(
            "gone and back in one batch", [],
            [
                .deleteChain("start"), .deleteChain("end"), .addChain(Chain("end")),
                .addRule(Rule(chain: "end", [.accept])),
            ]),
    ]

    private static let ways: [KernelCase] = [
        on("a way to a chain", [], [way(1, to: "end")]),
        on("a way to nowhere", [], [way(1, to: "none")], ENOENT),
        on(
            "a chain that an element leads to", [.addChain(Chain("x")), way(1, to: "x")], [.deleteChain("x")],
            EBUSY),
        on(
            "a chain whose element goes first", [.addChain(Chain("x")), way(1, to: "x")],
            [.deleteElements(set: "ways", [SetElement([.mark(1)])]), .deleteChain("x")]),
        on(
            "a circle of rules", [.addChain(Chain("x")), .addRule(Rule(chain: "end", [.goto("x")]))],
            [.addRule(Rule(chain: "x", [.goto("end")]))], EMLINK),
        on(
            "a circle through a map", [.addChain(Chain("x")), .addRule(Rule(chain: "end", [.goto("x")]))],
            [.addRule(Rule(chain: "x", [.verdictMap(.mark, map: "ways")])), way(1, to: "end")], EMLINK, at: 2),
    ]
}
