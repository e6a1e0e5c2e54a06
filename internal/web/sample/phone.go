package sample

import "almirah/internal/web"

func (m *maker) phones() []web.PhoneCard {
	return []web.PhoneCard{
		{URL: "/app/outbox/phone/9Jq3", Name: people[1], Number: "+919845012345", Channel: "whatsapp", Newest: "Your appointment at Sunrise Clinic is booked: Tuesday 24 November 2026, 9:15 am.", At: m.at(10, 41), Unread: 2},
		{URL: "/app/outbox/phone/8Kr4", Number: "+919845077001", Channel: "sms", Newest: "شكرا", At: m.at(9, 10)},
	}
}

func (m *maker) phonePages() {
	page := func() *web.PhonePage {
		return &web.PhonePage{Shell: m.staff(""), URL: "/app/outbox/phone/9Jq3", Name: people[1], Number: "+919845012345", From: "Sunrise Clinic", Earlier: true, Channels: []string{"whatsapp", "sms"}, Channel: "whatsapp",
			Bubbles: []web.PhoneBubble{
				{ID: "local.1", Channel: "sms", Language: "en", At: m.at(8, 3).AddDate(0, 0, -1), NewDay: true, Reached: "delivered", Parts: []web.PhonePart{{Text: "Sunrise Clinic: booked for 24 Nov, 9:15 am. Change or cancel: "}, {Text: "https://book.example/m/9Jq3aVeryLongTokenThatHasToBreakSomewhere", URL: "https://book.example/m/9Jq3aVeryLongTokenThatHasToBreakSomewhere"}}},
				{ID: "local.2", Channel: "sms", At: m.at(10, 12), NewDay: true, Mine: true, Parts: []web.PhonePart{{Text: "شكرا"}}},
				{ID: "local.3", Channel: "whatsapp", Language: "hi", At: m.at(10, 41), Reached: "read", Parts: []web.PhonePart{{Text: "नमस्ते,\nक्या आप कल 9:15 बजे आएँगे?"}}, Buttons: []web.PhoneButton{{Title: "हाँ, आऊँगी", Touched: true}, {Number: 1, Title: "Another time"}, {Number: 2, Title: "لن أحضر"}}},
				{ID: "local.4", Channel: "whatsapp", At: m.at(10, 42), Mine: true, Parts: []web.PhonePart{{Text: "हाँ, आऊँगी"}}},
			}}
	}
	m.add("phone", "", page())
	wrong := page()
	wrong.Shell = problems(wrong.Shell, "text")
	wrong.Channels = []string{"sms"}
	wrong.Channel = "sms"
	m.add("phone", "wrong", wrong)
	none := page()
	none.Channels, none.Earlier = nil, false
	m.add("phone", "nobody", none)
}
