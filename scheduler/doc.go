// Package scheduler divides the places of a culture day: every student one
// workshop in every round, as fair as the costs say, with a proof of how far
// the plan can be from the best one.
//
// It is pure: the same instance, costs and seed give the same plan on any
// machine, in whatever order the students come in. It knows neither Redis nor
// HTTP.
package scheduler
