import Foundation
import Gallery

/// The appointments of one doctor, by hour.
final class Appointments: @unchecked Sendable {
  var patients: [Int: String] = [9: "Ada", 10: "Grace"]
}

/// The diary of a clinic. Racy: the lock guards finding the appointments, not using them.
final class ClinicDiary: @unchecked Sendable {
  private let lock = NSLock()
  private var doctors = ["Dr. Watson": Appointments()]

  func appointments(of doctor: String) -> Appointments? {
    lock.withLock { doctors[doctor] }
  }
}

/// Fixed: nothing that can change leaves the lock.
final class GuardedClinicDiary: @unchecked Sendable {
  private let lock = NSLock()
  private var doctors = ["Dr. Watson": Appointments()]

  func book(_ patient: String, at hour: Int, with doctor: String) {
    lock.withLock { doctors[doctor]?.patients[hour] = patient }
  }

  func patient(of doctor: String, at hour: Int) -> String? {
    lock.withLock { doctors[doctor]?.patients[hour] }
  }
}

let returnedInternals = Scenario("returned-internals") {
  let diary = ClinicDiary()
  return [
    Worker("telephone") { round in
      diary.appointments(of: "Dr. Watson")?.patients[10] = "patient \(round)"  // race: book
    },
    Worker("reception") { _ in
      let first = diary.appointments(of: "Dr. Watson")?.patients[9]  // race: look up
      precondition(first == "Ada")
    },
  ]
} fixed: {
  let diary = GuardedClinicDiary()
  return [
    Worker("telephone") { diary.book("patient \($0)", at: 10, with: "Dr. Watson") },
    Worker("reception") { _ in
      precondition(diary.patient(of: "Dr. Watson", at: 9) == "Ada")
    },
  ]
}
