// Package overview makes what an organiser prints and downloads: rosters,
// attendance lists, teachers' lists, login slips and the purge certificate, as
// PDF, XLSX and CSV; and a student's day as a calendar file.
//
// Everything is made in memory and handed over as bytes: no file is written,
// since every list is full of students. The package knows neither Redis nor
// HTTP.
//
// One round has one colour on every page, beside its number: the colour is
// never the only sign, because schools print in black and white.
package overview
