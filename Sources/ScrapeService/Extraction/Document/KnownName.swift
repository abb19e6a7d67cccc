/// The names of elements and attributes that pages have most, HTML's own before all, with fixed numbers: what a plan
/// asks for by them needs no text comparison.
enum KnownName: UInt16, CaseIterable, Sendable {
    case a, abbr, acronym, address, annotation, annotationXml, applet, area, article, aside, audio, b, base
    case basefont, bdi, bdo, bgsound, big, blink, blockquote, body, br, button, canvas, caption, center, circle
    case cite, code, col, colgroup, command, content, data, datalist, dd, del, desc, details, dfn, dialog, dir
    case div, dl, dt, ellipse, em, embed, fieldset, figcaption, figure, font, footer, foreignObject, form, frame
    case frameset, g, h1, h2, h3, h4, h5, h6, head, header, hgroup, hr, html, i, iframe, image, img, input, ins
    case isindex, kbd, keygen, label, legend, li, line, link, listing, main, malignmark, map, mark, marquee
    case math, menu, menuitem, meta, meter, mfenced, mglyph, mi, mn, mo, mover, ms, mtext, multicol, nav, nextid
    case nobr, noembed, noframes, noscript, object, ol, optgroup, option, output, p, param, path, picture
    case plaintext, polygon, polyline, pre, progress, q, rb, rect, rp, rt, rtc, ruby, s, samp, script, search
    case section, select, shadow, slot, small, source, spacer, span, strike, strong, style, sub, summary, sup
    case svg, symbol, table, tbody, td, template, text, textarea, tfoot, th, thead, time, title, tr, track
    case tspan, tt, u, ul, use, `var`, video, wbr, xmp, `class`, id, href, src, rel, name, value, type, alt, width
    case height, lang, charset, httpEquiv, media, align, valign, border, cellpadding, cellspacing, bgcolor
    case color, face, size, target, action, method, `for`, placeholder, checked, selected, disabled, readonly
    case multiple, required, maxlength, min, max, step, pattern, rows, cols, colspan, rowspan, headers, scope
    case datetime, srcset, sizes, loading, decoding, async, `defer`, integrity, crossorigin, nonce, property
    case itemprop, itemscope, itemtype, itemid, role, tabindex, hidden, accesskey, draggable, contenteditable
    case spellcheck, translate, download, ping, hreflang, referrerpolicy, usemap, ismap, shape, coords, autoplay
    case controls, loop, muted, poster, preload, kind, srclang, `default`, `open`, start, reversed, axis, nowrap
    case noshade, clear, compact, hspace, vspace, vlink, alink, background, onclick, onload, onsubmit, onchange
    case onmouseover, onmouseout, dataId, dataSrc, dataName, dataValue, dataUrl, dataType, dataToggle
    case dataTarget, ariaLabel, ariaHidden, ariaExpanded, ariaControls, ariaLabelledby, ariaDescribedby, xmlns
    case xlinkHref, xmlLang, xmlSpace, viewbox, viewBox, d, fill, stroke, strokeWidth, transform, x, y, x1, x2
    case y1, y2, cx, cy, r, rx, ry, points, encoding, formaction, enctype, autocomplete, autofocus, accept
    case acceptCharset, `as`, fetchpriority, sandbox, allow, allowfullscreen, frameborder, scrolling
    case marginwidth, marginheight, `is`, part, version, date, prompt, rev, profile

    /// The name as pages write it.
    var text: String {
        switch self {
        case .annotationXml: "annotation-xml"
        case .httpEquiv: "http-equiv"
        case .dataId: "data-id"
        case .dataSrc: "data-src"
        case .dataName: "data-name"
        case .dataValue: "data-value"
        case .dataUrl: "data-url"
        case .dataType: "data-type"
        case .dataToggle: "data-toggle"
        case .dataTarget: "data-target"
        case .ariaLabel: "aria-label"
        case .ariaHidden: "aria-hidden"
        case .ariaExpanded: "aria-expanded"
        case .ariaControls: "aria-controls"
        case .ariaLabelledby: "aria-labelledby"
        case .ariaDescribedby: "aria-describedby"
        case .xlinkHref: "xlink:href"
        case .xmlLang: "xml:lang"
        case .xmlSpace: "xml:space"
        case .strokeWidth: "stroke-width"
        case .acceptCharset: "accept-charset"
        default: "\(self)"
        }
    }
}
