// Package enroll is the domain of a culture day: events, their programmes,
// students, choices and plans, the rules between them, and the errors that
// tell which rule stood in the way.
//
// It imports the standard library alone and knows nothing of how anything is
// stored or shown.
package enroll
