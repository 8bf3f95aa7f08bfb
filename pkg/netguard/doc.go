// SPDX-License-Identifier: Apache-2.0

// Package netguard is for dialling only permitted addresses: it keeps a
// request whose URL somebody else chose from reaching the machine's own
// services, its private network or a cloud's metadata service.
//
// The check happens on the address that is about to be dialled, after name
// resolution and before a byte is sent. A name that resolves to one address
// when it is looked at and to another when it is used therefore gains nothing,
// and a redirect is checked like the first request.
//
// What a refusal means to a caller is left to the packages that dial: see
// [BlockedError].
package netguard
