// Two queues that call each other; with "fixed", one calls the other only.

import Dispatch

let isFixed = CommandLine.arguments.contains("fixed")
let first = DispatchQueue(label: "first")
let second = DispatchQueue(label: "second")
let both = DispatchGroup()
first.async(group: both) { second.sync {} }
second.async(group: both) { if !isFixed { first.sync {} } }
both.wait()
