// Package purge destroys what an event holds about its students, step by step,
// and keeps the log that proves it.
//
// The log (Log) is the truth about what was destroyed: a file that only grows,
// one line an entry, each entry holding the hash of the one before, its head
// signed after every entry. It names events and counts, never a student.
//
// The procedure (Purger) does a step and then logs it. Every step may be done
// twice, so a purge that was broken off between the two is taken up at the first
// step that the log does not have.
//
// Two locks keep processes that share a machine apart. One file an event, beside
// the log, is locked for as long as that event's purge runs: a second purger
// waits, and then finds everything done. The log itself is locked for each
// entry, so that the chain never forks, and AppendOnce looks for the entry under
// that same lock: even purgers that share no lock for the event (an operator
// removed the folder) write one `completed`.
package purge
