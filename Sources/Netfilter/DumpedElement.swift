import CNetfilter
import NetworkTypes
package import RulesetCompiler
package import Sessions

/// One element of a session map as the kernel tells it.
package struct DumpedElement {
    package var key: ArraySlice<UInt8>
    package var mark: UInt32?
    /// Milliseconds left; nil for an element that stays.
    package var left: UInt64?

    package static func all(in message: ReceivedMessage) -> [DumpedElement] {
        guard let list = message.attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS) else { return [] }
        return list.compactMap { DumpedElement(Attributes($0.value)) }
    }

    private init?(_ attributes: Attributes) {
        guard let key = attributes.nested(NFTA_SET_ELEM_KEY)?.first(NFTA_DATA_VALUE) else { return nil }
        self.key = key
        mark = attributes.nested(NFTA_SET_ELEM_DATA)?.first(NFTA_DATA_VALUE)?.host(UInt32.self, at: 0)
        left = attributes.first(NFTA_SET_ELEM_EXPIRATION)?.network(UInt64.self)
    }

    /// Nil for what is none of ours: another key, or a mark without our tag. An element without an end is told with the last
    /// instant there is, so that whoever compares sees that it is wrong.
    package func session(readAt now: Instant) -> (SessionKey, Ruleset.Element)? {
        guard let sessionKey, let scope = mark.flatMap(ScopeNumber.init(mark:)) else { return nil }
        let expires = left.map { now + .milliseconds(Int64(clamping: $0)) }
        return (
            sessionKey,
            Ruleset.Element(scope: scope, expires: expires ?? Instant(nanosecondsSince1970: .max))
        )
    }

    var sessionKey: SessionKey? {
        guard let index = key.host(UInt32.self, at: 0), let address = IPAddress(bytes: key.dropFirst(4))
        else {
            return nil
        }
        return SessionKey(interfaceIndex: index, address: address)
    }
}
