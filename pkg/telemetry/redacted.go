// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"log/slog"
	"slices"

	"github.com/skilld/skilld/pkg/redact"
)

// redacted passes records on without the secrets that package redact knows.
type redacted struct{ slog.Handler }

// Handle redacts the message and each attribute. Most records have nothing to
// redact and are passed on as they are.
func (h redacted) Handle(ctx context.Context, record slog.Record) error {
	message := redact.Text(record.Message)
	changed := message != record.Message
	record.Attrs(func(attr slog.Attr) bool {
		if !changed {
			_, changed = redactAttr(attr)
		}
		return !changed
	})
	if !changed {
		return h.Handler.Handle(ctx, record)
	}
	clean := slog.NewRecord(record.Time, record.Level, message, record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		attr, _ = redactAttr(attr)
		clean.AddAttrs(attr)
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs redacts the attributes and keeps the wrapping.
func (h redacted) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean, _ := redactAttrs(attrs)
	return redacted{h.Handler.WithAttrs(clean)}
}

// WithGroup keeps the wrapping that embedding would lose.
func (h redacted) WithGroup(name string) slog.Handler {
	return redacted{h.Handler.WithGroup(name)}
}

func redactAttrs(attrs []slog.Attr) (clean []slog.Attr, changed bool) {
	clean = make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		var one bool
		clean[i], one = redactAttr(attr)
		changed = changed || one
	}
	return clean, changed
}

// redactAttr redacts texts, lists of them, and errors, and says whether there
// was something to redact. Other values have no texts that come from outside.
func redactAttr(attr slog.Attr) (clean slog.Attr, changed bool) {
	value := attr.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		text := redact.Text(value.String())
		return slog.String(attr.Key, text), text != value.String()
	case slog.KindGroup:
		group, changed := redactAttrs(value.Group())
		return slog.Attr{Key: attr.Key, Value: slog.GroupValue(group...)}, changed
	case slog.KindAny:
		switch held := value.Any().(type) {
		case error:
			text := redact.Text(held.Error())
			return slog.String(attr.Key, text), text != held.Error()
		case []string:
			texts := make([]string, len(held))
			for i, text := range held {
				texts[i] = redact.Text(text)
			}
			return slog.Any(attr.Key, texts), !slices.Equal(texts, held)
		}
	}
	return attr, false
}
