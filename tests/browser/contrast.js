// Visible text whose contrast against what lies behind it is below 4.5 (WCAG 2.2, 1.4.3), with the ratio.
() => {
    const channels = (color) => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((one, i) => one * a / 255 + below[i] * (1 - a / 255));
    const behind = (node) => {
        const own = channels(getComputedStyle(node).backgroundColor);
        if (own[3] === 255) return own.slice(0, 3);
        return over(own, node.parentElement ? behind(node.parentElement) : [255, 255, 255]);
    };
    const light = (rgb) => {
        const linear = (one) => (one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
        const [r, g, b] = rgb.map((one) => linear(one / 255));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const contrast = (node) => {
        const ground = behind(node), ink = over(channels(getComputedStyle(node).color), ground);
        const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
        return (high + .05) / (low + .05);
    };
    return [...document.querySelectorAll("body *")]
        .filter((node) => node.checkVisibility() && !node.matches(":disabled, :disabled *, script, template, noscript"))
        .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
        .map((node) => [contrast(node), node.textContent.trim().slice(0, 40)])
        .filter(([ratio]) => ratio < 4.5);
}
