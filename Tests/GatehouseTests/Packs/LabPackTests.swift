import Enforcement
import Foundation
import Lab
import Testing

import struct Lab.RulePack

@testable import gatehouse

struct LabPackTests {
    /// With the classes that the demonstration puts into it, what must hold for every session still has to.
    @Test func thePackOfTheDemonstrationMayBePutInForce() throws {
        try Executable.inFolder { folder in
            let site = Site(directory: folder)
            let contract = VendorContract(from: .now - 86_400, until: nil)
            try RulePack.find(in: "rules").install(at: site, keys: Keys(), contract: contract)
            let pack = try gatehouse.RulePack.read(site.rules, at: SystemClock().now())
            #expect(pack.loadable != nil, "\(pack.complaints)")
        }
    }
}
