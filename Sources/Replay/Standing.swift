import Classification
import FlowSpace
import PacketPath
import PolicyLanguage

/// What a decision comes to for packets. Decisions that differ in their findings alone (a code's age) share one.
struct Standing {
    /// The first that came to this.
    let decision: ExplainedDecision
    /// The number of its flow-space in the image.
    let scope: UInt32
}

/// Every standing that any session had so far, numbered from 1, and the scopes that they need.
struct Standings {
    private struct Meaning: Hashable {
        var outcome: Decision.Outcome
        var className: String?
        var granted: [String]
        var withheld: [String]
    }

    private var all: [Standing] = []
    private var numbers: [Meaning: UInt32] = [:]
    private var scopes: [FlowSpace: UInt32] = [:]

    subscript(_ number: UInt32) -> Standing { all[Int(number) - 1] }

    /// The number of what a decision comes to. Sets a scope that is new; none is ever taken away, since there are no
    /// more of them than sets of systems that the classes and their needs can make.
    mutating func number(
        of decision: ExplainedDecision, under policy: Policy, in image: inout PathImage
    ) -> UInt32 {
        let meaning = Meaning(
            outcome: decision.outcome, className: decision.className, granted: decision.scope.systems,
            withheld: decision.withheld.map(\.system))
        if let known = numbers[meaning] { return known }
        let scope = scope(decision.flowSpace(under: policy), in: &image)
        all.append(Standing(decision: decision, scope: scope))
        let number = UInt32(all.count)
        numbers[meaning] = number
        return number
    }

    private mutating func scope(_ space: FlowSpace, in image: inout PathImage) -> UInt32 {
        if let known = scopes[space] { return known }
        let number = UInt32(scopes.count + 1)
        scopes[space] = number
        image.setScope(number, ScopeImage(space))
        return number
    }
}

extension ScopeImage {
    convenience init(_ space: FlowSpace) {
        self.init(space.boxes.map { ScopeBox($0.addresses, protocols: $0.protocols, ports: $0.ports) })
    }
}
