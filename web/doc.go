// Package web is the gin application: routes, sign-in, pages and live seats.
// Templates and static files are embedded.
//
// People and programs use the same routes: HTML by default, JSON where it is
// asked for, and a form POSTs to the same place that JSON goes to.
package web
