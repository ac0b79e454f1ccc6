import Sessions
import Store

/// Why nobody is let in, for administrators.
enum DamageText {
    static func text(_ damage: DamageRecord) -> String {
        "the database was found damaged at \(damage.since) (\(PlainText.shown(damage.reason))) and is kept as "
            + "\(damage.keptAs); holds, lost devices, used codes and seeds by order that it knew are forgotten. Give those orders again, "
            + "then run 'gatehouse acknowledge-damage'"
    }
}
