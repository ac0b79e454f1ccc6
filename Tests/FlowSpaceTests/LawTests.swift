import FlowSpace
import NetworkTypes
import TestSupport
import Testing

/// Laws of sets, on spaces with edges anywhere.
@Suite struct LawTests {
    @Test(arguments: [31, 32, 33])
    func lawsHold(seed: UInt64) {
        var generator = Seeded(seed)
        for round in 0..<200 {
            let (a, b) = (Self.space(using: &generator), Self.space(using: &generator))
            let c = Self.space(using: &generator)
            let because: Comment = "seed \(seed), round \(round): \(a) / \(b) / \(c)"
            let laws: [(String, FlowSpace, FlowSpace)] = [
                ("union is idempotent", a.union(a), a),
                ("intersection is idempotent", a.intersection(a), a),
                ("union commutes", a.union(b), b.union(a)),
                ("intersection commutes", a.intersection(b), b.intersection(a)),
                ("union associates", a.union(b).union(c), a.union(b.union(c))),
                (
                    "intersection associates", a.intersection(b).intersection(c),
                    a.intersection(b.intersection(c))
                ),
                ("distribution", a.intersection(b.union(c)), a.intersection(b).union(a.intersection(c))),
                ("absorption", a.union(a.intersection(b)), a),
                ("De Morgan", a.union(b).complement, a.complement.intersection(b.complement)),
                ("De Morgan", a.intersection(b).complement, a.complement.union(b.complement)),
                ("double complement", a.complement.complement, a),
                ("excluded middle", a.union(a.complement), .everything),
                ("contradiction", a.intersection(a.complement), .empty),
                ("difference by complement", a.subtracting(b), a.intersection(b.complement)),
                ("what is taken and what is left", a.subtracting(b).union(a.intersection(b)), a),
                ("symmetric difference", a.symmetricDifference(b), a.subtracting(b).union(b.subtracting(a))),
                ("symmetric difference undoes itself", a.symmetricDifference(b).symmetricDifference(b), a),
                ("empty is neutral", a.union(.empty), a),
                ("everything is neutral", a.intersection(.everything), a),
            ]
            for (law, left, right) in laws { #expect(left == right, "\(law): \(because)") }
            #expect(a.subtracting(b).isDisjoint(with: b), because)
            #expect(a.isSubset(of: a.union(b)) && a.intersection(b).isSubset(of: a), because)
            #expect(a.isSubset(of: b) == (a.union(b) == b), because)
        }
    }

    /// Boxes with ends anywhere, a few of them near each other so that they overlap and touch.
    private static func space(using generator: inout Seeded) -> FlowSpace {
        var boxes: [FlowBox] = []
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            let family: AddressFamily = Bool.random(using: &generator) ? .ipv4 : .ipv6
            let kinds = Self.range(UInt8.self, near: [6, 17], using: &generator)
            let ports = Self.range(UInt16.self, near: [80, 443], using: &generator)
            let bits = Self.range(UInt128.self, near: [1 << 16, 1 << 31], using: &generator)
            let first = IPAddress(family: family, bits: min(bits.lowerBound, family.maximum))
            let last = IPAddress(family: family, bits: min(bits.upperBound, family.maximum))
            guard let first, let last, let range = AddressRange(first: first, last: last) else { continue }
            boxes.append(FlowBox(addresses: range, protocols: kinds, ports: ports))
        }
        return FlowSpace(boxes)
    }

    private static func range<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type, near places: [Number], using generator: inout Seeded
    ) -> ClosedRange<Number> {
        let ends = (0..<2).map { _ -> Number in
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: .min
            case 1: .max
            case 2: .random(in: 0 ... .max, using: &generator)
            default:
                places[Int.random(in: places.indices, using: &generator)]
                    + .random(in: 0...2, using: &generator) - 1
            }
        }
        return min(ends[0], ends[1])...max(ends[0], ends[1])
    }
}
