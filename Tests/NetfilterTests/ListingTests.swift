import Foundation
import Netfilter
import RulesetCompiler
import RulesetSamples
import TestSupport
import Testing

/// Text and messages are two lowerings of one list of operations: the kernel that took the one must look to `nft` as
/// the kernel that took the other.
@Suite(.needsRoot, .serialized) struct ListingTests {
    static let names = ["empty", "one-tunnel", "two-scopes", "everything"]

    @Test(arguments: names) func netlinkEqualsText(name: String) async throws {
        let ruleset = try #require(try Samples.rulesets().first { $0.name == name }).ruleset
        let byText = try await Gateway()
        try await byText.run("nft -f -", input: ruleset.text(at: Samples.now))
        let byNetlink = try await Gateway()
        _ = try await byNetlink.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        let table = ruleset.layout.table
        #expect(try await byNetlink.listing(table) == byText.listing(table))
        #expect(try await byNetlink.run("nft -j list ruleset") != "")
    }

    @Test(arguments: [[], ["tun0"], ["tun0", "tun1"], ["tun*", "ppp*", "wg0"]] as [[String]])
    func netlinkEqualsTextOfTheGuard(tunnels: [String]) async throws {
        let layout = RulesetLayout(tunnels: tunnels)
        let transaction = Transaction(guarding: layout)
        let byText = try await Gateway(isBare: true)
        // Twice: it replaces what is there.
        for _ in 1...2 { try await byText.run("nft -f -", input: transaction.tableText) }
        let byNetlink = try await Gateway(isBare: true)
        for _ in 1...2 { _ = try await byNetlink.backend.commit(transaction) }
        let listing = try await byNetlink.listing(layout.guardTable)
        #expect(try await byText.listing(layout.guardTable) == listing)
        #expect(listing.split(separator: "\n").count { $0.contains("\"") } == tunnels.count * 8)
    }

    /// What is listed can be loaded again: nothing in it is beyond the words of `nft`.
    @Test func listingLoads() async throws {
        let gateway = try await Gateway()
        let ruleset = try #require(try Samples.rulesets().first { $0.name == "two-scopes" }).ruleset
        _ = try await gateway.backend.commit(Transaction(replacing: ruleset, at: Samples.now))
        let listing = try await gateway.listing()
        try await gateway.run("nft flush ruleset; nft -f -", input: listing)
        #expect(try await gateway.listing() == listing)
    }
}
